// What a front end's answers say about the pools of its deployment. Pure functions: answers are
// foreign, and whatever they hold nothing here fails.
#pragma once

#include "agent/base/fqdn.hpp"
#include "agent/discover/rows.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sfb::discover {

/// More pools are counted and not listed.
inline constexpr std::size_t kMostPools = 500;
/// More remarks about the whole are counted and not listed.
inline constexpr std::size_t kMostRemarks = 200;

/// The answers to questions.hpp.
struct Answers {
  Answer services;
  Answer pools;
  Answer store;
  std::map<Fqdn, Answer> relationships;  ///< of those pools that were asked about
};

enum class Pairing : std::uint8_t {
  known,    ///< `partner` is the partner
  none,     ///< the server names no partner
  unknown,  ///< a remark says why
};

struct FoundPool {
  Fqdn fqdn;
  std::optional<std::string> site = {};  ///< absent: not known
  Pairing pairing = Pairing::unknown;
  std::optional<Fqdn> partner = {};
  std::vector<std::string> remarks = {};  ///< lines for comments
};

enum class MasterKnown : std::uint8_t { no, elsewhere, here };

struct Topology {
  std::vector<FoundPool> pools;  ///< by name
  /// No pool of the deployment is missing here.
  bool whole = false;
  /// Whether it is known which pool has the active master of the Central Management store.
  MasterKnown master_known = MasterKnown::no;
  std::optional<Fqdn> master;        ///< set for `here`: one of `pools`
  std::vector<std::string> remarks;  ///< lines for comments
};

/// The pools that have users, as the first two answers name them, by name, kMostPools at the most:
/// about these the relationship is asked.
std::vector<Fqdn> pools_with_users(const Answer& services, const Answer& pools);

/// Everything.
Topology read_topology(const Answers& answers);

}  // namespace sfb::discover
