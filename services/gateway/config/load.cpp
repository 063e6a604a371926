#include "gateway/config/load.hpp"

#include <filesystem>

#include "base/file.hpp"
#include "net/endpoint.hpp"

namespace grover::gateway {
namespace {

/// "user" -> "USER_SERVICE_URL".
std::string variable_of(std::string_view service) {
    std::string out;
    for (char const c : service)
        out += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return out + "_SERVICE_URL";
}

}  // namespace

std::string default_config_file() {
    std::error_code ignored;
    auto const program = std::filesystem::read_symlink("/proc/self/exe", ignored);
    return (program.parent_path().parent_path() / "share" / "gateway" / "gateway.yaml").string();
}

Source Source::of(std::string file) {
    std::error_code error;
    auto const found = std::filesystem::status(file, error);
    if (!std::filesystem::exists(found)) throw ConfigError(file + ": there is no such file");
    if (!std::filesystem::is_regular_file(found)) throw ConfigError(file + ": is no regular file");
    // One byte too many is enough to refuse it.
    auto text = read_file(file, config::file_bytes_max + 1);
    if (!text) throw ConfigError(file + ": cannot be read");
    return {std::move(file), *std::move(text)};
}

Overrides Overrides::read(Environment& env, Config const& config) {
    Overrides out;
    for (auto const& [service, settings] : config.services) {
        auto const variable = variable_of(service);
        auto const given =
            env.list(variable, "", "where the " + service + " service listens, over the file");
        for (auto const& url : given)
            if (!net::Endpoint::parse(url))
                env.problem(variable, "is not an address that can be connected to");
        if (!given.empty()) out.instances[service] = given;
    }
    out.origins = env.list("ALLOWED_ORIGINS", "", "pages that may use the API, over the file");
    if (!out.origins.empty()) {
        CorsSettings const cors{.origins = out.origins};
        config::Problems problems("ALLOWED_ORIGINS");
        validate(cors, config::Where({}, problems));
        if (!problems.empty()) env.problem("ALLOWED_ORIGINS", problems.print());
    }
    auto const protocol =
        env.one_of("UPSTREAM_PROTOCOL", {"file", "http1", "http2", "detect"}, "file",
                   "what is spoken with services; file: as the configuration says");
    for (auto const [name, value] : {std::pair("http1", Protocol::http1),
                                     {"http2", Protocol::http2},
                                     {"detect", Protocol::detect}})
        if (protocol == name) out.protocol = value;
    out.rate_limits = env.flag("RATE_LIMIT", true, "off for load runs; else as the file says");
    return out;
}

void Overrides::apply(Config& config) const {
    for (auto const& [service, urls] : instances)
        if (auto const found = config.services.find(service); found != config.services.end())
            found->second.instances = urls;
    if (protocol)
        for (auto& [service, settings] : config.services) settings.protocol = *protocol;
    if (!origins.empty()) config.cors.origins = origins;
    if (!rate_limits) config.rate_limits.enabled = false;
}

Config parse_config(Source const& source) {
    config::Problems problems(source.file);
    auto const tree = config::parse(source.text, problems);
    if (problems.empty() && tree.kind == config::Node::Kind::nothing)
        problems.add(0, "the file is empty");
    auto config = config::read<Config>(tree, problems);
    if (!problems.empty()) throw ConfigError(problems.print());
    return config;
}

}  // namespace grover::gateway
