-- Every run of "parents" starts with users without posts.
DELETE FROM noview.tb_post WHERE fk_user > 100000;
DELETE FROM tview.tb_post WHERE fk_user > 100000;
VACUUM noview.tb_post, tview.tb_post, tview.tv_post;
