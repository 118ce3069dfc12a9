// SPDX-License-Identifier: MIT
#include "results/json.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "results/names.h"
#include "results/schema.h"

namespace heapwise {
namespace {

using Json = nlohmann::ordered_json;

// ---- writing

class Writer {
 public:
  explicit Writer(Json& object) : object_(object) { object_ = Json::object(); }

  template <class T>
  void operator()(const char* name, const std::optional<T>& value) {
    if (value && is_finite(*value)) (*this)(name, *value);
  }
  template <class T>
  void operator()(const char* name, const T& value) {
    object_[name] = make(value);
    if (std::string_view(name).ends_with("_bytes")) round(object_[name]);
  }

  static Json make(const std::string& value) { return value; }
  static Json make(double value) { return is_finite(value) ? value : 0.0; }
  static Json make(std::uint64_t value) { return value; }
  static Json make(unsigned value) { return value; }
  static Json make(bool value) { return value; }
  static Json make(RunStatus value) { return to_string(value); }
  static Json make(Objective value) { return to_string(value); }
  static Json make(VerdictKind value) { return to_string(value); }
  template <class T>
  static Json make(const std::vector<T>& values) {
    Json array = Json::array();
    for (const T& value : values) array.push_back(make(value));
    return array;
  }
  template <class T>
  static Json make(const T& value) requires requires(Writer writer) {
    schema::describe(writer, value);
  }
  {
    Json object;
    Writer writer(object);
    schema::describe(writer, value);
    return object;
  }

 private:
  /// Bytes are integers, also where they are means, or the interval of a median.
  static void round(Json& value) {
    if (value.is_object()) {
      for (Json& member : value) round(member);
    } else if (value.is_number_float() && std::abs(value.get<double>()) < 0x1p63) {
      value = std::llround(value.get<double>());
    }
  }

  template <class T>
  static bool is_finite(const T& value) {
    if constexpr (std::is_same_v<T, double>) {
      return std::isfinite(value);
    } else {
      return true;
    }
  }

  Json& object_;
};

std::string compact(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Two levels laid out by line, all below compact: a megabyte of samples is not worth a line each.
std::string document(const Json& root) {
  std::string out = "{";
  const char* comma = "\n";
  for (const auto& [key, value] : root.items()) {
    out += fmt::format("{} {}: ", comma, compact(key));
    comma = ",\n";
    if (!value.is_array() || value.empty()) {
      out += compact(value);
      continue;
    }
    const char* between = "[\n  ";
    for (const Json& element : value) {
      out += between + compact(element);
      between = ",\n  ";
    }
    out += "\n ]";
  }
  return out + "\n}\n";
}

// ---- reading

/// Takes fields from one object. The first thing that is wrong is kept, with its path, and nothing
/// is read after it.
class Reader {
 public:
  Reader(const Json& object, std::string path, std::string& error)
      : object_(object), path_(std::move(path)), error_(error) {
    if (!object_.is_object()) wrong(path_, "an object", object_);
  }

  template <class T>
  void operator()(const char* name, T& value) {
    if (!error_.empty()) return;
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return;
    take(*found, path_.empty() ? name : path_ + "." + name, value);
  }

 private:
  void wrong(const std::string& path, const std::string& expected, const Json& found) {
    if (!error_.empty()) return;
    std::string shown = found.is_structured() ? found.type_name() : compact(found);
    if (shown.size() > 40) shown = found.type_name();
    error_ =
        fmt::format("{} must be {}, not {}", path.empty() ? "the document" : path, expected, shown);
  }

  void take(const Json& json, const std::string& path, std::string& value) {
    if (!json.is_string()) return wrong(path, "a string", json);
    value = json.get<std::string>();
  }
  void take(const Json& json, const std::string& path, double& value) {
    if (!json.is_number()) return wrong(path, "a number", json);
    value = json.get<double>();
  }
  void take(const Json& json, const std::string& path, std::uint64_t& value) {
    if (!json.is_number_unsigned()) return wrong(path, "an integer of 0 or more", json);
    value = json.get<std::uint64_t>();
  }
  void take(const Json& json, const std::string& path, unsigned& value) {
    std::uint64_t wide = 0;
    take(json, path, wide);
    if (wide > std::numeric_limits<unsigned>::max()) return wrong(path, "below 2^32", json);
    value = static_cast<unsigned>(wide);
  }
  void take(const Json& json, const std::string& path, bool& value) {
    if (!json.is_boolean()) return wrong(path, "true or false", json);
    value = json.get<bool>();
  }
  void take(const Json& json, const std::string& path, RunStatus& value) {
    take_name(json, path, kRunStatusNames, value);
  }
  void take(const Json& json, const std::string& path, Objective& value) {
    take_name(json, path, kObjectiveNames, value);
  }
  void take(const Json& json, const std::string& path, VerdictKind& value) {
    take_name(json, path, kVerdictNames, value);
  }
  template <class T>
  void take(const Json& json, const std::string& path, std::optional<T>& value) {
    take(json, path, value.emplace());
  }
  template <class T>
  void take(const Json& json, const std::string& path, std::vector<T>& values) {
    if (!json.is_array()) return wrong(path, "an array", json);
    values.resize(json.size());
    for (std::size_t index = 0; index < json.size() && error_.empty(); ++index) {
      take(json[index], fmt::format("{}[{}]", path, index), values[index]);
    }
  }
  template <class T>
  void take(const Json& json, const std::string& path, T& value) requires requires(Reader reader) {
    schema::describe(reader, value);
  }
  {
    Reader reader(json, path, error_);
    schema::describe(reader, value);
  }
  template <class Enum, std::size_t N>
  void take_name(const Json& json, const std::string& path,
                 const std::array<std::string_view, N>& names, Enum& value) {
    const auto known =
        json.is_string() ? value_of<Enum>(json.get<std::string>(), names) : std::optional<Enum>{};
    if (!known) return wrong(path, fmt::format("one of {}", fmt::join(names, ", ")), json);
    value = *known;
  }

  const Json& object_;
  std::string path_;
  std::string& error_;
};

std::string position_of(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto newline = before.rfind('\n');
  const std::size_t column =
      newline == std::string_view::npos ? before.size() + 1 : before.size() - newline;
  return fmt::format("line {}, column {}", line, column);
}

/// Whether arrays and objects lie deeper within each other than a result's ever do. Who reads or
/// writes such a value goes as deep itself, and the stack ends before the file does.
bool is_too_deep(std::string_view text) {
  constexpr int kDeepest = 64;
  int depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char letter = text[at];
    if (letter == '"') in_string = !in_string;
    if (in_string) {
      if (letter == '\\') ++at;
      continue;
    }
    if (letter == '[' || letter == '{') ++depth;
    if (letter == ']' || letter == '}') --depth;
    if (depth > kDeepest) return true;
  }
  return false;
}

Expected<Json> parse(std::string_view text, const std::string& name) {
  if (is_too_deep(text)) {
    return fail(ErrorCode::bad_input, name + " holds arrays within arrays, deeper than any result",
                "give a result that heapwise wrote with --json");
  }
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    return fail(ErrorCode::bad_input,
                fmt::format("{} is not valid JSON: {}", name, position_of(text, error.byte)),
                text.empty() ? "the file is empty; was the run that wrote it cut short?"
                             : "give a result that heapwise wrote with --json");
  } catch (const Json::exception&) {  // a number beyond any type, or text that is not UTF-8
    return fail(ErrorCode::bad_input, name + " holds a value that JSON cannot carry",
                "give a result that heapwise wrote with --json");
  }
}

Expected<void> check_version(const Json& root, const std::string& name) {
  if (!root.is_object()) {
    return fail(ErrorCode::bad_input, name + " is JSON, but no result: the document is no object",
                "give a result that heapwise wrote with --json");
  }
  const auto version = root.find("schema_version");
  if (version == root.end() || !version->is_number_integer()) {
    return fail(ErrorCode::bad_input,
                fmt::format("{} has no schema_version; this heapwise reads schema_version {}", name,
                            kSchemaVersion),
                "give a result that heapwise wrote with --json");
  }
  if (*version == kSchemaVersion) return {};
  return fail(ErrorCode::unsupported,
              fmt::format("{} has schema_version {}; this heapwise reads schema_version {}", name,
                          version->dump(), kSchemaVersion),
              "read it with the heapwise that wrote it, or measure again with this one");
}

}  // namespace

std::string to_json(const Result& result) {
  Json root = {{"schema_version", kSchemaVersion}};
  root.update(Writer::make(result));
  for (std::size_t index = 0; index < result.runs.size(); ++index) {
    const Run& run = result.runs[index];
    if (run.peak_rss_bytes && !run.fragmentation_end) {
      root["runs"][index]["fragmentation_end"] = nullptr;
    }
  }
  return document(root);
}

std::string to_json(const std::vector<Recommendation>& recommendations) {
  return document(
      Json{{"schema_version", kSchemaVersion}, {"recommendations", Writer::make(recommendations)}});
}

Expected<Result> from_json(std::string_view text, const std::string& name) {
  const auto root = parse(text, name);
  if (!root) return tl::unexpected<Error>(root.error());
  if (const auto version = check_version(*root, name); !version) {
    return tl::unexpected<Error>(version.error());
  }
  Result result;
  std::string error;
  Reader reader(*root, "", error);
  schema::describe(reader, result);
  if (!error.empty()) {
    return fail(ErrorCode::bad_input, name + ": " + error,
                "results/SCHEMA.md describes each field");
  }
  // Other documents of heapwise have a schema_version too, and each field alone may be absent.
  for (const char* field : {"workloads", "runs"}) {
    if (root->contains(field)) continue;
    return fail(ErrorCode::bad_input, fmt::format("{} is no result: it has no {}", name, field),
                "give what heapwise replay, advise or suite wrote with --json; what trace info, "
                "compare and recommend print as JSON holds no runs");
  }
  return result;
}

}  // namespace heapwise
