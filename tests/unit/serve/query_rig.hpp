// Requests and evaluations for the tests of the query door.
#pragma once

#include "agent/http/types.hpp"
#include "agent/serve/page_template.hpp"
#include "agent/serve/query.hpp"
#include "agent/serve/query_parse.hpp"
#include "agent/serve/routes.hpp"
#include "agent/status/evaluation.hpp"
#include "collectors/backup_service_status/status.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sfb::serve::testing {

/// 2026-11-23T18:47:03.25Z, and the same moment on the monotonic clock.
inline constexpr WallTime kEvaluated{Micros{1'795'459'623'250'000}};
inline constexpr MonoTime kMade{std::chrono::seconds(1'000'000)};

inline http::Request get(const std::string& path, const std::string& query,
                         std::vector<http::Header> headers = {}) {
  http::Request request;
  request.method = "GET";
  request.path = path;
  request.query = query;
  request.target = query.empty() ? path : path + '?' + query;
  request.headers = std::move(headers);
  request.peer = {false, "127.0.0.1", true};
  request.local_address = "127.0.0.1:9943";
  return request;
}

/// A path of the route: that of a pool of snapshots.hpp.
inline std::string path_of(const Route& route) {
  if (route.door == Door::asset) {
    return std::string(find_asset("style")->path);
  }
  const std::size_t open = route.pattern.find('{');
  return open == std::string::npos ? route.pattern
                                   : route.pattern.substr(0, open) + "atl-cs-001.litwareinc.com";
}

inline http::Request ask_for(const std::string& query, std::vector<http::Header> headers = {}) {
  return get("/api/v1/Get-CsBackupServiceStatus", query, std::move(headers));
}

inline Query query(const std::string& parameters = {}) {
  return parse_query_request(testing::ask_for("PoolFqdn=atl.example.com" + parameters)).value();
}

inline std::string header_of(const http::Response& response, std::string_view name) {
  const std::string* value = response.header(name);
  return value == nullptr ? "" : *value;
}

inline std::string body_of(const http::Response& response) {
  return response.body ? *response.body : "";
}

using collectors::ExportState;
using collectors::ImportState;

inline collectors::FindingPtr finding(std::vector<collectors::Module> modules,
                                      bool conclusive = true) {
  collectors::BackupStatus status;
  status.modules = std::move(modules);
  status.conclusive = conclusive;
  return std::make_shared<const collectors::BackupStatus>(std::move(status));
}

/// A good evaluation of one status object with one module, made at kMade.
inline status::Evaluation good_evaluation(const std::string& pool = "atl.example.com") {
  PipelineResult result;
  Object status;
  status.types = result.graph.add_types({"Test.BackupServiceStatus", "System.Object"});
  status.extended = {{"ActiveMachine", Value::string("fe1.example.com")},
                     {"BackupModules", Value::string("CentralMgmt.CMSMaster:[FinalState,"
                                                     "NormalState]")}};
  result.output.push_back(Value::object_ref(result.graph.add(std::move(status))));
  status::Evaluation evaluation{.question = {.pool = Fqdn::parse(pool).value()}};
  evaluation.id = 42;
  evaluation.evaluated_at = kEvaluated;
  evaluation.made = kMade;
  evaluation.finished = kEvaluated;
  evaluation.finding = finding({{"CentralMgmt.CMSMaster", ExportState::final_state,
                                 ImportState::normal_state, "FinalState", "NormalState"}});
  evaluation.result = pack(result);
  return evaluation;
}

/// The same objects with PowerShell errors beside them.
inline PackedPtr with_errors(const PackedPtr& before, const std::vector<std::string>& messages,
                             PipelineState state) {
  PipelineResult result = before->unpack();
  result.state = state;
  for (const std::string& message : messages) {
    ErrorRecord record;
    record.message = message;
    record.error_id = "BackupServiceFailed";
    record.category_message = "InvalidOperation: (:) [], Exception";
    result.errors.push_back(record.to_value(result.graph));
  }
  return pack(result);
}

/// A failed evaluation; nothing came back.
inline status::Evaluation failed_evaluation(Reason reason, const std::string& code) {
  status::Evaluation evaluation = good_evaluation();
  evaluation.finding.reset();
  evaluation.result.reset();
  evaluation.error =
      Error{reason, code, "the test went wrong", "repair the test", {}, Stage::parse};
  return evaluation;
}

inline status::EvaluationPtr shared(status::Evaluation evaluation) {
  return std::make_shared<const status::Evaluation>(std::move(evaluation));
}

}  // namespace sfb::serve::testing
