// What one PowerShell pipeline gave, its streams kept apart.
#pragma once

#include "agent/value/position.hpp"
#include "agent/value/value.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb {

/// A text of the output that a server shall make, as its own console shows it.
struct TextForm {
  int width = 0;          ///< of the console; 0: no text is wanted
  bool expanded = false;  ///< of the items of Call::rows_of instead of the objects

  constexpr bool wanted() const { return width > 0; }
  friend constexpr bool operator==(const TextForm&, const TextForm&) = default;
};

/// One command to run: `-Name value` pairs; a switch is a boolean true. Values travel as values,
/// never as text.
struct Call {
  std::string cmdlet;
  std::vector<Property> parameters;
  /// A constant script that runs the cmdlet with the same named parameters (and `SfbImportModule`,
  /// a module to import first) and sends, behind the cmdlet's own objects, one hashtable with a key
  /// kExtrasTag. For servers that let scripts run; empty: the cmdlet alone.
  std::string_view script = {};
  /// The member whose items the script sends once more as `Modules`; empty: it sends none.
  std::string_view rows_of = {};
  /// The script shall also let the server itself make this text (argument `SfbWidth`: the columns
  /// that a console uses, one less; `SfbExpand`: true where it is expanded). Expanded only with a
  /// script that has rows_of.
  TextForm render = {};
  /// A failure of the cmdlet says nothing against the session, which goes on being used.
  bool side = false;

  /// The plain text of a parameter's value; empty when it is not given.
  std::string_view parameter(std::string_view name) const;
};

/// Key of the hashtable that a Call's script sends besides the cmdlet's objects.
inline constexpr std::string_view kExtrasTag = "SfbBackupExtras";

/// The text of the output objects as the server's own formatter made it: only that knows its format
/// views and live types. LF line ends, without warnings and errors.
struct Rendering {
  TextForm form = {};
  std::string text;
};

enum class PipelineState : std::uint8_t { completed, failed };

/// The streams of one pipeline; output and errors refer into `graph`. Immutable once shared
/// (`std::shared_ptr<const PipelineResult>`), readable from any thread.
struct PipelineResult {
  Graph graph;
  std::vector<Value> output;  ///< as sent, `$null` items included
  std::vector<Value>
      errors;  ///< ErrorRecord objects; the terminating one last when state is failed
  std::vector<std::string> warnings;  ///< texts without the WARNING: prefix
  /// What a Call's script told besides (a dictionary with kExtrasTag); never part of `output`.
  std::optional<Value> extras;
  /// Where they were wanted, or came along in a dropped file, and the server could; each of another
  /// form.
  std::vector<Rendering> rendered;
  /// Why output may be missing although the pipeline completed: one sentence for a note. Empty
  /// where nothing speaks for that. Without any output a doubtful result says nothing about the
  /// pool, neither configured nor not.
  std::string doubt;
  PipelineState state = PipelineState::completed;
  std::string ps_version;  ///< `5.1.17763.1`; empty when not known
};

/// The parts of an ErrorRecord that a console shows. All members are optional on the
/// wire.
struct ErrorRecord {
  std::string message;  ///< ErrorDetails.Message, else Exception.Message, else ToString
  bool message_from_details = false;  ///< changes the last line of NormalView in 5.1
  std::string invocation_name;        ///< with extended info only: the `NAME : ` before the message
  std::string command;           ///< with extended info only: the name of the command that failed
  std::string position_message;  ///< with extended info only: `At line:1 char:1` and what follows
  /// What position_message was built from, for a client that lays it out in another way; without
  /// text where the server laid it out, nullopt where the place is not known.
  std::optional<ScriptPlace> place;
  std::string recommended_action;  ///< ErrorDetails.RecommendedAction
  std::string
      category_message;  ///< ErrorCategory_Message: `ObjectNotFound: (x:String) [], Exception`
  std::string error_id;  ///< FullyQualifiedErrorId
  std::string category_activity;
  std::string category_reason;
  std::string category_target_name;
  std::string category_target_type;
  std::optional<std::int32_t> category;  ///< ErrorCategory number
  std::string exception_type;            ///< first type name of Exception

  /// False when nothing but category_message tells the category: to_value() writes 0 then.
  bool has_category() const;

  /// Reads an ErrorRecord object; a value that is none yields a record with its plain text as
  /// message.
  static ErrorRecord from(const Graph& graph, const Value& value);

  /// The record as an object in `graph`, as a PSRP ERROR_RECORD carries it, so that `as=clixml` and
  /// the formatter treat our own errors as they treat the server's.
  Value to_value(Graph& graph) const;
};

/// The name of an ErrorCategory number (13: ObjectNotFound); `NotSpecified` for unknown numbers.
std::string_view error_category_name(std::int32_t category);

/// True when the object is an ErrorRecord (`Deserialized.` or not).
bool is_error_record(const Graph& graph, const Value& value);

}  // namespace sfb
