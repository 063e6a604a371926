// The operations endpoints of contract section 2 that every service has: /health and its kin,
// /metrics, /openapi.json and the interactive /docs.
#pragma once

#include <atomic>
#include <map>
#include <string>

#include "http/router.hpp"
#include "service/kit.hpp"

namespace grover::service {

class Operations {
public:
    /// `docs_dir` holds the packaged pages; empty or missing: /docs says what to install.
    Operations(Kit& kit, std::string version, std::string docs_dir);

    void routes(http::Router& router);
    /// The document that /openapi.json serves; set once all routes are known.
    void set_openapi(std::string document) { openapi_ = std::move(document); }
    /// Off before the service can take requests and while it drains.
    void set_ready(bool ready) noexcept { ready_.store(ready); }

    Task<http::Response> health();
    Task<http::Response> health_db();
    Task<http::Response> health_ready(http::RequestInfo info);
    Task<http::Response> health_dependencies(http::RequestInfo info);
    Task<http::Response> metrics();
    Task<http::Response> openapi();
    Task<http::Response> docs();
    Task<http::Response> docs_file(http::Path<std::string, "file"> file);

private:
    struct Asset {
        std::string type;
        std::string path;  // read when it is asked for: nobody's memory is worth 2 MB of scripts
    };
    Task<store::DocumentStore::Health> store_health();
    /// All at once, a second at most; whether each is healthy.
    static Task<std::vector<bool>> ask(std::vector<Kit::Dependency> const& dependencies,
                                       http::RequestInfo const& info);

    Kit& kit_;
    std::string version_;
    std::string openapi_;
    std::map<std::string, Asset> assets_;
    std::atomic<bool> ready_{false};
};

/// The packaged pages for /docs: $DOCS_DIR, else ../share/docs beside the program.
std::string default_docs_dir();

}  // namespace grover::service
