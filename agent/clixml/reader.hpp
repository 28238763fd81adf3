// The state of reading one CLIXML document: its events go straight into a graph. Private to the
// room.
#pragma once

#include "agent/base/limits.hpp"
#include "agent/base/memory_meter.hpp"
#include "agent/clixml/opaque.hpp"
#include "agent/clixml/stream_marks.hpp"
#include "agent/value/value.hpp"
#include "agent/xml/stream.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sfb::clixml {

using Attributes = std::span<const xml::AttributeView>;

/// What an open element is, which says what may stand in it.
enum class Role : std::uint8_t {
  roots,       // Objs
  object,      // Obj
  types,       // TN
  type,        // T
  to_string,   // ToString
  members,     // Props, MS
  list,        // LST, IE, STK, QUE
  dictionary,  // DCT
  entry,       // En
  scalar,      // S, I32, ...
  empty,       // Ref, TNRef
  opaque,
};

/// One open element and what it still needs when it ends.
struct Frame {
  Role role = Role::roots;
  std::string_view tag;  // static: for messages
  Kind kind = Kind::null;
  bool adapted = false;    // members: Props, not MS
  bool has_key = false;    // entry
  bool has_value = false;  // entry
  bool has_types = false;  // object: TN or TNRef has come, and so on
  bool has_to_string = false;
  bool has_adapted = false;
  bool has_extended = false;
  ObjectId object = 0;    // the object this element is, or is a part of
  Value value;            // Ref: what it means
  bool is_value = false;  // empty: a Ref, not a TNRef
  std::string name;       // N, as it came
  std::string text;
  std::unordered_set<std::string> names;  // members: in lower case; dictionary: kinds and texts
  std::size_t names_bytes = 0;            // what they take of the meter
};

/// Reads one document, or several one after the other. Each numbers its objects and types from the
/// start. `space` is the namespace that its elements must have. Objects go into `graph`, and
/// `meter` counts what they take and, until the reader goes, what the reader itself takes. All
/// three must outlive the reader. A part that stands twice where PowerShell writes one is refused,
/// because bytes between are missing.
class Reader final : public xml::Handler {
 public:
  Reader(std::string_view space, const Limits& limits, Graph& graph, MemoryMeter& meter)
      : space_(space),
        depth_limit_(limits.depth),
        graph_(graph),
        meter_(meter),
        opaque_(space, 2 * limits.object) {}
  ~Reader() override;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Status start(std::string_view space, std::string_view name, Attributes attributes) override;
  Status text(std::string_view piece) override;
  Status end(bool empty_tag) override;

  /// The top level values; they refer into the graph.
  std::vector<Value> take() { return std::move(roots_); }
  /// Of a file: the stream of each of them.
  /// Of several that make one file.
  void begin_document() { streams_.begin_document(); }
  std::vector<Stream> take_streams() { return streams_.take(); }

 private:
  using References = std::map<std::string, std::uint32_t, std::less<>>;

  Status checked(Status status) const;
  bool add_name(Frame& frame, std::string name);
  bool add_reference(References& references, std::string reference, std::uint32_t number);

  Status start_root(std::string_view space, std::string_view name, Attributes attributes);
  Status start_part(std::string_view name, Attributes attributes, bool& done);
  Status start_types(std::string_view name, Attributes attributes);
  Status start_element(std::string_view space, std::string_view name, Attributes attributes);
  Status start_collection(Collection::Form form);
  Status check_place(std::string_view name, bool known_space, const std::string_view* member);
  Status start_value(std::string_view space, std::string_view name, Attributes attributes);
  Status start_object(Attributes attributes, Frame frame);
  Status end_frame(Frame frame);
  Status end_types(const Frame& frame);
  Status end_entry(const Frame& frame);
  Status deliver(std::string name, Value value);
  template <typename T>
  Status keep(std::vector<T>& elements, T element);
  bool is_file_root() const { return !frames_.empty() && frames_.back().role == Role::roots; }
  void push(Role role, std::string_view tag, ObjectId object = 0);

  std::string_view space_;
  std::size_t depth_limit_;
  Graph& graph_;
  MemoryMeter& meter_;
  std::size_t own_ = 0;  // bytes of the meter that go with the reader
  std::vector<Value> roots_;
  StreamMarks streams_;
  std::vector<Frame> frames_;
  OpaqueCollector opaque_;
  std::size_t objects_open_ = 0;
  References objects_;
  References types_;
  // Of the one TN that can be open.
  std::vector<std::string> type_names_;
  std::optional<std::string> types_reference_;
};

}  // namespace sfb::clixml
