// Format-Table: columns fixed by the first object, widths by all rows.
#pragma once

#include "agent/format/cells.hpp"
#include "agent/format/context.hpp"
#include "agent/format/row.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <variant>
#include <vector>

namespace sfb::format {

/// The widths that columns get on a screen. A 0 asks for a share of what is left. A result of -1
/// means that the column has no room. A table that is too wide loses from the right: the last
/// column shrinks down to one cell, then it goes.
void fit_columns(std::vector<int>& widths, int columns);

/// Collects the rows of one table; nothing is written before finish().
class Table {
 public:
  /// A table of an object's own properties.
  static Table of(const Context& context, const Row& first);
  /// The table of a dictionary's entries: 30 cells for Name, the rest for Value.
  static Table of_dictionary(const Context& context);

  void add(const Context& context, const Row& row);
  /// A line between the rows: strings, numbers and errors of a mixed pipeline.
  void add_line(const Context& context, std::string text);

  void finish(const Context& context, Sink& sink) &&;

 private:
  struct Column {
    std::string name;
    Alignment alignment = Alignment::left;
    int width = 0;
    std::u16string label;
  };
  using Cells = std::vector<std::u16string>;

  /// The columns that got room; they are the first ones.
  std::size_t visible_columns() const;
  Fit fit_of(const Context& context, std::size_t column) const;
  void write_header(const Context& context, Sink& sink) const;
  void write_row(const Context& context, const Cells& cells, Sink& sink) const;
  void write_wrapped(const Context& context, const Cells& cells, Sink& sink) const;

  std::vector<Column> columns_;
  bool of_entries_ = false;  // a dictionary's
  bool sized_ = false;       // widths grow with the rows
  // A row and the bytes of the budget that it holds.
  struct Kept {
    std::variant<Cells, std::string> row;
    std::size_t bytes = 0;
  };
  std::deque<Kept> rows_;
};

}  // namespace sfb::format
