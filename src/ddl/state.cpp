// ddl/state.cpp - see state.hpp.
//
// Everything is keyed by the subtransaction that made it, and lives in TopTransactionContext; the callbacks below
// forget what an abort has undone, so that an error between the two event triggers of a statement leaves nothing.
#include "ddl/state.hpp"

#include "pg/list.hpp"

namespace tviews::ddl {

namespace {

constinit List *creations = nullptr; // of Creation *
constinit List *own = nullptr;       // of int: SubTransactionId of every OwnStatements

void forget_creations(SubTransactionId subtransaction) noexcept {
    for (int i = list_length(creations) - 1; i >= 0; i--)
        if (static_cast<Creation *>(list_nth(creations, i))->subtransaction >= subtransaction)
            creations = list_delete_nth_cell(creations, i);
}

void forget_own(SubTransactionId subtransaction) noexcept {
    while (own != NIL && static_cast<SubTransactionId>(llast_int(own)) >= subtransaction)
        own = list_delete_last(own);
}

void at_transaction_end(XactEvent event, void *) noexcept {
    switch (event) {
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_PARALLEL_COMMIT:
    case XACT_EVENT_ABORT:
    case XACT_EVENT_PARALLEL_ABORT:
    case XACT_EVENT_PREPARE:
        creations = nullptr;
        own = nullptr;
        break;
    default:
        break;
    }
}

// Subtransaction numbers grow, and when one aborts every later one is over: so ">=" catches its children too.
void at_subtransaction_end(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId,
                           void *) noexcept {
    if (event == SUBXACT_EVENT_ABORT_SUB) {
        forget_creations(subtransaction);
        forget_own(subtransaction);
    }
}

} // namespace

OwnStatements::OwnStatements() {
    pg::ScopedContext const context(TopTransactionContext);
    own = lappend_int(own, static_cast<int>(GetCurrentSubTransactionId()));
}

// Reached on normal scope exit only: an error ends it by the callbacks.
OwnStatements::~OwnStatements() {
    if (own != NIL)
        own = list_delete_last(own);
}

bool running_own_statements() { return own != NIL; }

void remember(Creation *creation) {
    pg::ScopedContext const context(TopTransactionContext);
    creations = lappend(creations, creation);
}

Creation *recall(Oid schema, const char *name) {
    for (int i = list_length(creations) - 1; i >= 0; i--) {
        auto *const creation = static_cast<Creation *>(list_nth(creations, i));
        if (creation->schema == schema && strcmp(creation->table_name, name) == 0) {
            creations = list_delete_nth_cell(creations, i);
            return creation;
        }
    }
    return nullptr;
}

void install_callbacks() {
    RegisterXactCallback(at_transaction_end, nullptr);
    RegisterSubXactCallback(at_subtransaction_end, nullptr);
}

} // namespace tviews::ddl
