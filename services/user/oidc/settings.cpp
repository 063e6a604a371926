#include "user/oidc/settings.hpp"

#include <set>

#include "base/file.hpp"
#include "reflect/codec.hpp"
#include "user/oidc/web.hpp"

namespace grover::user::oidc {
namespace {

constexpr std::size_t providers_max = 32;
constexpr std::string_view variable = "OIDC_PROVIDERS";

struct Entry {
    Text<1, 32> id;
    std::optional<Text<1, 64>> name;
    Text<1, 512> issuer;
    Text<1, 256> client_id;
    std::optional<std::string> client_secret;
    std::optional<std::string> client_secret_file;
    std::optional<Text<1, 256>> scope;
};
BOOST_DESCRIBE_STRUCT(Entry, (),
                      (id, name, issuer, client_id, client_secret, client_secret_file, scope))

/// "id" is a path segment and part of a stored key.
bool is_plain(std::string_view id) {
    for (char const c : id)
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
    return true;
}

bool has_scope(std::string_view scopes, std::string_view wanted) {
    return (" " + std::string(scopes) + " ").contains(" " + std::string(wanted) + " ");
}

std::optional<std::string> read_secret(Entry const& entry) {
    if (!entry.client_secret_file) return entry.client_secret.value_or("");
    auto text = read_file(*entry.client_secret_file);
    while (text && (text->ends_with('\n') || text->ends_with('\r'))) text->pop_back();
    return text;
}

/// What is wrong with an entry; empty for nothing. Never quotes a value, which could be a secret.
std::string fault_of(Entry const& entry, std::set<std::string>& ids, bool insecure_loopback) {
    if (!is_plain(entry.id.str())) return "id: only a-z, 0-9 and '-'";
    if (!ids.insert(entry.id.str()).second) return "id: is there twice";
    auto const issuer = WebAddress::parse(entry.issuer.str(), insecure_loopback);
    if (!issuer || entry.issuer.str().contains('?') || entry.issuer.str().contains('#'))
        return insecure_loopback ? "issuer: must be https://..., or http:// on loopback"
                                 : "issuer: must be https://...";
    if (entry.client_secret && entry.client_secret_file)
        return "client_secret and client_secret_file exclude each other";
    if (entry.scope && !has_scope(entry.scope->str(), "openid")) return "scope: must have openid";
    return {};
}

}  // namespace

std::vector<ProviderSettings> read_providers(Environment& env, bool insecure_loopback) {
    std::vector<ProviderSettings> out;
    auto const text = env.secret(std::string(variable), "login providers, a JSON array");
    if (text.empty()) return out;
    std::vector<Entry> entries;
    try {
        entries = reflect::from_json<std::vector<Entry>>(text.reveal());
    } catch (Error const& e) {
        auto const where = e.issues().empty() ? std::string()
                                              : e.issues()[0].pointer + " " + e.issues()[0].message;
        env.problem(std::string(variable), where.empty() ? "is not JSON" : where);
        return out;
    }
    if (entries.size() > providers_max) env.problem(std::string(variable), "too many providers");
    std::set<std::string> ids;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        auto& entry = entries[i];
        auto fault = fault_of(entry, ids, insecure_loopback);
        auto secret = read_secret(entry);
        if (fault.empty() && !secret) fault = "client_secret_file: cannot be read";
        if (!fault.empty()) {
            env.problem(std::string(variable), "/" + std::to_string(i) + " " + fault);
            continue;
        }
        out.push_back({.id = entry.id.str(),
                       .name = entry.name ? entry.name->str() : entry.id.str(),
                       .issuer = entry.issuer.str(),
                       .client_id = entry.client_id.str(),
                       .client_secret = Secret(*std::move(secret)),
                       .scope = entry.scope ? entry.scope->str() : "openid email profile"});
    }
    return out;
}

}  // namespace grover::user::oidc
