#include "agent/store/batch.hpp"

#include <iterator>
#include <utility>

namespace sfb::store {

void Batch::keep(const status::KeptName& name, status::KeptPool pool) {
  pools.insert_or_assign(name, std::move(pool));
}

void Batch::keep(const status::KeptName& name, const status::HistoryEntry& entry) {
  history.push_back({name, entry});
  trim();
}

void Batch::forget(const status::KeptName& name) {
  forgotten.insert(name);
  pools.erase(name);
  std::erase_if(history, [&](const Line& line) { return line.name == name; });
}

void Batch::put_before(Batch older) {
  for (const status::KeptName& name : forgotten) {
    older.forget(name);
  }
  forgotten.merge(older.forgotten);
  pools.merge(older.pools);        // what is here already is newer
  sessions.merge(older.sessions);  // likewise
  pushed.merge(older.pushed);      // likewise
  if (!groups) {
    groups = std::move(older.groups);
  }
  history.insert(history.begin(), std::make_move_iterator(older.history.begin()),
                 std::make_move_iterator(older.history.end()));
  lost += older.lost;
  trim();
}

void Batch::trim() {
  while (history.size() > kMostLines) {
    history.pop_front();
    ++lost;
  }
}

}  // namespace sfb::store
