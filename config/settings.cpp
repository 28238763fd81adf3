#include "config/settings.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/base/time.hpp"
#include "config/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

namespace sfb::config {

namespace {

// A double-quoted YAML scalar: safe for every text.
std::string yaml_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t pos = 0; pos < text.size();) {
    const char32_t c = next_code_point(text, pos);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else if (c == 0x2028 || c == 0x2029 || c == 0xFEFF) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      append_utf8(out, c);
    }
  }
  out += '"';
  return out;
}

// Words need no quotes unless YAML would read them as something else.
std::string scalar(std::string_view text) {
  const bool word = !text.empty() && std::ranges::all_of(text, is_name_character);
  const bool special = text.starts_with('-') || text.starts_with('.') || iequals(text, "null");
  return word && !special ? std::string(text) : yaml_quoted(text);
}

void append_session(std::string& out, const Session& session) {
  out += fmt::format(
      "    session:\n"
      "      reuse: {}\n"
      "      max_age: {}\n"
      "      max_pipelines: {}\n",
      session.reuse, format_duration(session.max_age), session.max_pipelines);
}

void append_keys(std::string& out, const File& file) {
  out += fmt::format("    path: {}\n    max_age: {}\n", yaml_quoted(file.path),
                     format_duration(file.max_age));
}

void append_urls(std::string& out, const std::vector<Url>& urls) {
  if (urls.size() == 1) {
    out += fmt::format("    url: {}\n", yaml_quoted(urls.front().with_port()));
    return;
  }
  out += "    url:\n";
  for (const Url& url : urls) {
    out += fmt::format("      - {}\n", yaml_quoted(url.with_port()));
  }
}

void append_keys(std::string& out, const Winrm& winrm) {
  append_urls(out, winrm.urls);
  out += fmt::format(
      "    configuration_name: {}\n"
      "    language: {}\n"
      "    import_module: {}\n"
      "    credentials: {}\n"
      "    allow_unencrypted: {}\n"
      "    encryption: {}\n"
      "    channel_binding: {}\n"
      "    spn:\n"
      "      service: {}\n"
      "      host: {}\n",
      scalar(winrm.configuration_name), to_string(winrm.language), scalar(winrm.import_module),
      scalar(winrm.credentials), winrm.allow_unencrypted, to_string(winrm.encryption),
      winrm.channel_binding ? "on" : "off", scalar(winrm.spn.service), yaml_quoted(winrm.spn.host));
  if (winrm.over_tls()) {
    out += fmt::format(
        "    tls:\n"
        "      ca_file: {}\n"
        "      server_name: {}\n"
        "      min_version: {}\n",
        yaml_quoted(winrm.tls.ca_file), yaml_quoted(winrm.tls.server_name),
        yaml_quoted(winrm.tls.min_version));
  }
  append_session(out, winrm.session);
}

void append_keys(std::string& out, const Ssh& ssh) {
  if (!ssh.program.empty()) {
    out += "    program:\n";
    for (const std::string& argument : ssh.program) {
      out += fmt::format("      - {}\n", yaml_quoted(argument));
    }
  } else {
    out += fmt::format(
        "    ssh:\n"
        "      host: {}\n"
        "      port: {}\n"
        "      user: {}\n"
        "      identity_file: {}\n"
        "      known_hosts_file: {}\n"
        "      subsystem: {}\n",
        yaml_quoted(ssh.host), ssh.port, yaml_quoted(ssh.user), yaml_quoted(ssh.identity_file),
        yaml_quoted(ssh.known_hosts_file), scalar(ssh.subsystem));
    out += ssh.options.empty() ? "" : "      options:\n";
    for (const auto& [name, value] : ssh.options) {
      out += fmt::format("        {}: {}\n", name, yaml_quoted(value));
    }
  }
  out += fmt::format("    language: {}\n    import_module: {}\n", to_string(ssh.language),
                     scalar(ssh.import_module));
  append_session(out, ssh.session);
}

void append_keys(std::string& out, const Push& push) {
  out += fmt::format("    max_age: {}\n    from:\n", format_duration(push.max_age));
  const auto append = [&](std::string_view key, const std::vector<std::string>& names) {
    out += names.empty() ? "" : fmt::format("      {}:\n", key);
    for (const std::string& name : names) {
      out += fmt::format("        - {}\n", yaml_quoted(name));
    }
  };
  append("tokens", push.from.tokens);
  append("users", push.from.users);
  append("certificates", push.from.certificates);
  append("principals", push.from.principals);
}

void append_given(std::string& out, std::string_view key, std::string_view value) {
  if (!value.empty()) {
    out += fmt::format("    {}: {}\n", key, yaml_quoted(value));
  }
}

void append_credentials(std::string& out, const std::vector<Credentials>& all) {
  if (all.empty()) {
    return;
  }
  out += "credentials:\n";
  for (const Credentials& credentials : all) {
    out += fmt::format(
        "  {}:\n"
        "    method: {}\n"
        "    username: {}\n",
        scalar(credentials.name), scalar(credentials.method), yaml_quoted(credentials.username));
    append_given(out, "password_file", credentials.password_file);
    append_given(out, "keytab_file", credentials.keytab_file);
    append_given(out, "ccache", credentials.ccache);
    append_given(out, "realm", credentials.realm);
    out += credentials.kdcs.empty() ? "" : "    kdcs:\n";
    for (const std::string& kdc : credentials.kdcs) {
      out += fmt::format("      - {}\n", yaml_quoted(kdc));
    }
    out += credentials.allow_ntlm ? "    ntlm: allow\n" : "";
  }
}

void append_groups(std::string& out, std::string_view indent,
                   const std::vector<std::string>& groups) {
  for (const std::string& group : groups) {
    out += fmt::format("{}- {}\n", indent, scalar(group));
  }
}

void append_members(std::string& out, std::string_view key, const std::vector<Membership>& all) {
  out += all.empty() ? "" : fmt::format("  {}:\n", key);
  for (const Membership& each : all) {
    out += fmt::format("    {}:\n", yaml_quoted(each.name));
    append_groups(out, "      ", each.groups);
  }
}

void append_authorization(std::string& out, const Authorization& authorization) {
  out += fmt::format("authorization:\n  allow_anonymous: {}\n",
                     to_string(authorization.allow_anonymous));
  const std::vector<std::string>& groups = authorization.authorized_universal_groups;
  out += groups.empty() ? "" : "  authorized_universal_groups:\n";
  append_groups(out, "    ", groups);
  if (!authorization.keytab_file.empty()) {
    out += fmt::format("  negotiate:\n    keytab_file: {}\n", scalar(authorization.keytab_file));
  }
  if (authorization.directory) {
    out += "  directory:\n    servers:\n";
    append_groups(out, "      ", authorization.directory->servers);
    out += fmt::format("    credentials: {}\n", scalar(authorization.directory->credentials));
  }
  append_members(out, "users", authorization.users);
  append_members(out, "certificates", authorization.certificates);
  out += authorization.tokens.empty() ? "" : "  tokens:\n";
  for (const Token& token : authorization.tokens) {
    out += fmt::format("    - name: {}\n      token_file: {}\n", scalar(token.name),
                       scalar(token.token_file));
    out += token.groups.empty() ? "" : "      groups:\n";
    append_groups(out, "        ", token.groups);
  }
}

}  // namespace

std::string_view to_string(Language language) {
  switch (language) {
    case Language::automatic:
      return "auto";
    case Language::full:
      return "full";
    case Language::constrained:
      return "constrained";
    case Language::none:
      return "none";
  }
  return "auto";
}

std::string_view to_string(Encryption encryption) {
  switch (encryption) {
    case Encryption::automatic:
      return "auto";
    case Encryption::always:
      return "always";
    case Encryption::never:
      return "never";
  }
  return "auto";
}

std::string_view name_of(const Transport& transport) {
  return std::visit([](const auto& keys) { return keys.kTransport; }, transport);
}

std::vector<std::string> transport_names() {
  return [&]<typename... Each>(std::type_identity<std::variant<Each...>>) {
    return std::vector<std::string>{std::string(Each::kTransport)...};
  }(std::type_identity<Transport>());
}

std::string_view to_string(AllowAnonymous allow) {
  switch (allow) {
    case AllowAnonymous::none:
      return "none";
    case AllowAnonymous::loopback:
      return "loopback";
    case AllowAnonymous::any:
      return "any";
  }
  return "none";
}

const Credentials& credentials_of(const Winrm& winrm, const Settings& settings) {
  return *std::ranges::find(settings.credentials, winrm.credentials, &Credentials::name);
}

std::string to_yaml(const Settings& settings) {
  const Global& global = settings.global;
  const Limits& limits = settings.limits;
  std::string out = fmt::format(
      "global:\n"
      "  evaluation_interval: {}\n"
      "  evaluation_timeout: {}\n"
      "  stale_after: {}\n"
      "  min_live_interval: {}\n"
      "  max_concurrent_evaluations: {}\n"
      "limits:\n"
      "  object: {}\n"
      "  envelope: {}\n"
      "  in_flight: {}\n"
      "  depth: {}\n"
      "  modules_per_pool: {}\n"
      "  machines_per_pool: {}\n"
      "  label_length: {}\n",
      format_duration(global.evaluation_interval), format_duration(global.evaluation_timeout),
      format_duration(global.stale_after), format_duration(global.min_live_interval),
      global.max_concurrent_evaluations, format_size(limits.object), format_size(limits.envelope),
      format_size(limits.in_flight), limits.depth, limits.modules_per_pool,
      limits.machines_per_pool, limits.label_length);
  append_credentials(out, settings.credentials);
  out += "endpoints:\n";
  for (const Endpoint& endpoint : settings.endpoints) {
    out += fmt::format("  {}:\n    transport: {}\n", scalar(endpoint.name),
                       scalar(name_of(endpoint.transport)));
    std::visit([&](const auto& keys) { append_keys(out, keys); }, endpoint.transport);
    out += fmt::format("    max_concurrent: {}\n", endpoint.max_concurrent);
  }
  out += "pools:\n";
  for (const Pool& pool : settings.pools) {
    out += fmt::format(
        "  - fqdn: {}\n"
        "    endpoint: {}\n"
        "    paired_pool: {}\n"
        "    site: {}\n"
        "    deployment: {}\n"
        "    cms_master: {}\n"
        "    expect_rgs: {}\n"
        "    evaluation_interval: {}\n"
        "    evaluation_timeout: {}\n",
        scalar(pool.fqdn.str()), scalar(pool.endpoint), scalar(pool.paired_pool.str()),
        scalar(pool.site), scalar(pool.deployment), pool.cms_master, pool.expect_rgs,
        format_duration(pool.evaluation_interval), format_duration(pool.evaluation_timeout));
    out += pool.collectors.empty() ? "" : "    collectors:\n";
    for (const PoolCollector& collector : pool.collectors) {
      out += fmt::format("      {}:\n        interval: {}\n", scalar(collector.name),
                         format_duration(collector.interval));
    }
  }
  append_authorization(out, settings.authorization);
  out += fmt::format("storage:\n  retention: {}\n  max_size: {}\n",
                     format_duration(settings.storage.retention),
                     format_size(settings.storage.max_size));
  return out;
}

std::string change_hash(const Settings& settings) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : to_yaml(settings)) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace sfb::config
