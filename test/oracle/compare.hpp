// compare.hpp - the questions the oracle asks: is every TVIEW what its definition says, byte for byte?
//
// Rows are compared as text of whole rows, sorted, so that 1.0 and 1.00 inside a document differ although they are
// equal; that implies equality of the values. Rows with a NULL key are not part of a TVIEW.
#pragma once

#include <string>
#include <vector>

#include "connection.hpp"
#include "scenario.hpp"

namespace oracle {

// One row with one boolean per TVIEW: tv_x has exactly the rows of v_x.
std::string compare_query(const std::vector<const FlatTview *> &tviews);
// The same against the SELECT the user wrote; only for definitions without unordered aggregates.
std::string compare_original_query(const FlatTview &tview);
// Names and types of the columns of tv_x and v_x, as two fields that must be equal.
std::string columns_query(const FlatTview &tview, const std::string &schema);
// EXCEPT ALL, both ways, over rows and not texts; an empty string where a column has no equality.
std::string except_query(const FlatTview &tview);
// What differs, for a report.
std::string describe_difference(Connection &connection, const FlatTview &tview, const std::string &truth);
std::string view_rows(const FlatTview &tview);     // `SELECT * FROM v_x WHERE key IS NOT NULL`
std::string original_rows(const FlatTview &tview); // the same with the user's SELECT
std::string table_contents_query(const std::string &table);

} // namespace oracle
