// Any bytes as JSON; what is read is written as both editions do, and read again. Then once more
// with its strings taken for the other scalars that CLIXML can bring.
#include "agent/json/reader.hpp"
#include "agent/json/writer.hpp"

#include <cstdint>
#include <cstdlib>
#include <vector>

namespace {

using sfb::json::Edition;

void write_all(const sfb::Document& document) {
  for (const auto edition : {Edition::powershell_7, Edition::windows_powershell_51}) {
    for (const int depth : {0, 100}) {
      const sfb::json::WriteOptions options{
          .edition = edition, .depth = depth, .compress = depth == 100};
      const auto text = sfb::json::convert_to_json(document.graph, document.roots, options);
      if (!text && text.error().code != "render.too_large") {
        std::abort();
      }
      // No root gives no text. At full depth the array of several roots may be one level too many
      // for the reader; the shallow text must always be JSON.
      if (text && !document.roots.empty() && depth == 0 &&
          !sfb::json::read(*text, {.object = SIZE_MAX})) {
        std::abort();
      }
    }
    static_cast<void>(sfb::json::convert_to_json(document.graph, document.roots,
                                                 {.edition = edition, .depth = 100}));
  }
}

// Every string in turn as a date, duration, URI, version, bytes and numbers.
class Retyped {
 public:
  void value(sfb::Value& value) {
    constexpr sfb::Kind kKinds[] = {
        sfb::Kind::date_time, sfb::Kind::time_span,    sfb::Kind::uri,   sfb::Kind::version,
        sfb::Kind::bytes,     sfb::Kind::double_float, sfb::Kind::int32, sfb::Kind::character};
    if (value.kind == sfb::Kind::string) {
      value.kind = kKinds[next_++ % std::size(kKinds)];
    }
  }

  void values(std::vector<sfb::Value>& all) {
    for (sfb::Value& one : all) {
      value(one);
    }
  }

 private:
  std::size_t next_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto document = sfb::json::read(bytes, sfb::Limits{});
  if (!document) {
    return document.error().code.empty() ? (std::abort(), 1) : 0;
  }
  write_all(*document);
  Retyped retyped;
  retyped.values(document->roots);
  for (sfb::ObjectId id = 0; id < document->graph.size(); ++id) {
    sfb::Object& object = document->graph.at(id);
    for (sfb::Property& property : object.extended) {
      retyped.value(property.value);
    }
    if (object.collection) {
      retyped.values(object.collection->items);
    }
  }
  write_all(*document);
  return 0;
}
