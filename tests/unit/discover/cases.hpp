// The recorded answers of tests/discover: a folder each, a file for each question.
#pragma once

#include "agent/base/text.hpp"
#include "agent/clixml/clixml.hpp"
#include "agent/discover/topology.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

namespace sfb::discover::testing {

inline std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// NAME.clixml holds what came, NAME.error the text of an error beside it; each may be missing.
inline Answer read_case(const std::filesystem::path& folder, const std::string& name) {
  auto result = std::make_shared<PipelineResult>();
  if (std::filesystem::exists(folder / (name + ".clixml"))) {
    auto document = clixml::read_file(contents(folder / (name + ".clixml")), {});
    EXPECT_TRUE(document.has_value()) << folder << name;
    result->graph = std::move(document->graph);
    result->output = std::move(document->roots);
  }
  if (std::filesystem::exists(folder / (name + ".error"))) {
    ErrorRecord record;
    record.message = contents(folder / (name + ".error"));
    result->errors.push_back(record.to_value(result->graph));
  }
  return result;
}

/// All answers of a case.
inline Answers read_answers(const std::filesystem::path& folder) {
  Answers answers{.services = read_case(folder, "Get-CsService"),
                  .pools = read_case(folder, "Get-CsPool"),
                  .store = read_case(folder, "Get-CsManagementStoreReplicationStatus"),
                  .relationships = {}};
  for (const Fqdn& pool : pools_with_users(answers.services, answers.pools)) {
    answers.relationships[pool] = read_case(folder, "Get-CsPoolBackupRelationship." + pool.str());
  }
  return answers;
}

}  // namespace sfb::discover::testing
