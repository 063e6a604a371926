#include "service/service.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <semaphore>
#include <thread>

#include "base/random.hpp"
#include "http/message_service.hpp"
#include "net/async.hpp"
#include "net/engine_choice.hpp"
#include "reflect/codec.hpp"
#include "service/access.hpp"
#include "service/operations.hpp"
#include "service/pipeline.hpp"
#include "service/settings.hpp"
#include "service/unit.hpp"

namespace grover::service {
namespace {

namespace json = boost::json;

/// The parts of a running service, destroyed from the bottom up.
struct Running {
    Running(detail::Definition const& definition, Settings const& settings,
            store::Place const& place, detail::Build const& build)
        : log(std::string(definition.about.name), settings.log_level),
          loops(settings.threads),
          signer(settings.internal_key),
          store(definition.storage ? definition.storage->open(place, definition.storage->schema)
                                   : nullptr),
          kit(std::string(definition.about.name), log, metrics, loops, system_now, signer,
              store.get()),
          operations(kit, settings.version, settings.docs_dir) {
        built = build(kit, router);
        operations.routes(router);
        document =
            router.openapi(definition.about.title, settings.version, definition.about.description);
        if (built.use_document)
            built.use_document(document);
        else
            operations.set_openapi(json::serialize(document));
    }

    telemetry::Log log;
    telemetry::Metrics metrics;
    net::Loops loops;
    auth::IdentitySigner signer;
    std::unique_ptr<store::DocumentStore> store;
    Kit kit;
    http::Router router;
    Operations operations;
    detail::Built built;
    json::object document;
};

/// A folder that is gone when the program ends: --openapi and --routes need a store, but nobody's
/// data.
struct TemporaryFolder {
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "grover-XXXXXX").string();
        if (!::mkdtemp(pattern.data())) throw ConfigError("no temporary folder can be made");
        path = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    TemporaryFolder(TemporaryFolder const&) = delete;
    TemporaryFolder& operator=(TemporaryFolder const&) = delete;
    std::string path;
};

std::string source_of(http::Router::Route const& route) {
    return std::string(route.source.file_name()) + ":" + std::to_string(route.source.line());
}

int describe(detail::Definition const& definition, Settings settings, detail::Build const& build,
             std::vector<std::string> const& arguments) {
    TemporaryFolder const folder;
    settings.log_level = telemetry::Level::off;
    Running const running(definition, settings, {.folder = folder.path}, build);
    if (arguments[0] == "--openapi") {
        std::cout << json::serialize(running.document) << '\n';
        return 0;
    }
    if (arguments[0] == "--routes") {
        for (auto const& route : running.router.routes())
            std::cout << route.method << ' ' << route.pattern << ' ' << source_of(route) << ' '
                      << route.summary << '\n';
        return 0;
    }
    if (arguments.size() != 3) throw ConfigError("--where takes a method and a path");
    auto const match =
        running.router.match(arguments[1], arguments[2].substr(0, arguments[2].find('?')));
    if (!match.route) {
        std::cout << "no route" << (match.allow.empty() ? "" : "; this path allows " + match.allow)
                  << '\n';
        return 1;
    }
    std::cout << match.route->method << ' ' << match.route->pattern << ' '
              << source_of(*match.route) << ' ' << match.route->summary << '\n';
    return 0;
}

void start_periodic(Kit& kit, std::atomic<bool> const& stopping) {
    auto& loop = kit.loops().at(0);
    for (auto const& periodic : kit.periodic()) {
        auto body = [&kit, &stopping, &periodic]() -> Task<> {
            // Said when it begins to fail and when it works again, not every time.
            for (bool failing = false; !stopping.load();) {
                co_await net::pause(periodic.period);
                if (stopping.load()) co_return;
                try {
                    co_await periodic.work();
                    if (std::exchange(failing, false))
                        kit.log().info("background work goes on", {{"work", periodic.name}});
                } catch (std::exception const& e) {
                    if (!std::exchange(failing, true))
                        kit.log().warn("background work fails",
                                       {{"work", periodic.name}, {"error", e.what()}});
                }
            }
        };
        net::asio::co_spawn(loop.executor(), std::move(body), net::asio::detached);
    }
}

/// What the server counts of connections, for who slows it down or speaks no HTTP. The server
/// outlives the last scrape.
void watch_connections(telemetry::Metrics& metrics, http::Server const& server) {
    using Counters = http::Server::Counters;
    struct Watched {
        char const* what;
        std::uint64_t Counters::* count;
    };
    metrics.gauge("http_connections_open", "Client connections",
                  [&server] { return static_cast<double>(server.counters().open); });
    for (auto const [what, count] :
         {Watched{"accepted", &Counters::accepted}, Watched{"malformed", &Counters::malformed},
          Watched{"tls_failed", &Counters::tls_failed}})
        metrics.gauge("http_connections",
                      "Client connections since the start, by what became of them",
                      [&server, count] { return static_cast<double>(server.counters().*count); },
                      {{"what", what}});
    for (std::size_t i = 0; i < http::client_limits; ++i)
        metrics.counter(
            "http_client_limits_total", "Clients that ran into a limit of the server, by limit",
            [&server, i] { return static_cast<double>(server.counters().limits[i]); },
            {{"limit", std::string(reflect::name_of(static_cast<http::ClientLimit>(i)))}});
    for (std::size_t kind = 0; kind < http::h2::floods; ++kind)
        metrics.counter(
            "http2_floods_total",
            "Clients sent away for frames of HTTP/2 that only make work, by their kind",
            [&server, kind] { return static_cast<double>(server.counters().floods[kind]); },
            {{"kind", std::string(name_of(static_cast<http::h2::Flood>(kind)))}});
}

/// Opens what the program serves beside its own server.
std::vector<std::unique_ptr<http::Server>> open_doors(Kit& kit,
                                                      http::AccessObserver const& observer) {
    std::vector<std::unique_ptr<http::Server>> out;
    for (auto const& door : kit.doors()) {
        out.push_back(
            std::make_unique<http::Server>(kit.loops(), door.options, door.handler, observer));
        out.back()->start();
        kit.log().info("also listening", {{"name", door.options.name},
                                          {"host", door.options.host},
                                          {"port", out.back()->port()}});
    }
    return out;
}

/// Blocks until SIGTERM or SIGINT. SIGUSR1 switches debug logging on and off, SIGHUP reloads.
void wait_for_stop(Kit& kit, telemetry::Level configured, sigset_t const& signals) {
    constexpr timespec a_second{1, 0};
    for (;;) {
        int const signal = ::sigtimedwait(&signals, nullptr, &a_second);
        if (signal == SIGTERM || signal == SIGINT) return;
        if (signal == SIGUSR1) {
            bool const debug = kit.log().level() == telemetry::Level::debug;
            kit.log().set_level(debug ? configured : telemetry::Level::debug);
        } else {
            auto const why = signal == SIGHUP ? Kit::Reload::asked : Kit::Reload::if_changed;
            for (auto const& reload : kit.reloads()) reload(why);
        }
    }
}

/// Handshakes from the next on use the certificate that is in the files then. A bad one changes
/// nothing and is said once.
void reload_certificate(Kit& kit, std::shared_ptr<http::ServerTls> const& tls) {
    if (!tls) return;
    kit.on_reload([&kit, tls](Kit::Reload why) {
        if (why == Kit::Reload::if_changed && !tls->files_have_changed()) return;
        if (auto const done = tls->reload())
            kit.log().info("the certificate was read");
        else
            kit.log().error("the certificate stays as it was", {{"error", done.error()}});
    });
}

sigset_t stop_signals() {
    sigset_t out;
    ::sigemptyset(&out);
    ::sigaddset(&out, SIGTERM);
    ::sigaddset(&out, SIGINT);
    return out;
}

/// While it lives, a signal that asks the process to stop ends it as it is: what still starts has
/// nothing to drain, and may wait for a database as long as that takes. The threads that a start
/// makes inherit a mask without these signals, so one of its own takes them.
class EndsWhileStarting {
public:
    EndsWhileStarting()
        : thread_([this] {
              auto const signals = stop_signals();
              ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
              started_.acquire();
          }) {}
    ~EndsWhileStarting() { started_.release(); }
    EndsWhileStarting(EndsWhileStarting const&) = delete;
    EndsWhileStarting& operator=(EndsWhileStarting const&) = delete;

private:
    std::binary_semaphore started_{0};
    std::jthread thread_;
};

/// Signals are taken by the calling thread alone; the loops' threads inherit the mask.
sigset_t block_signals() {
    auto signals = stop_signals();
    for (int const signal : {SIGUSR1, SIGHUP}) ::sigaddset(&signals, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    return signals;
}

int serve(detail::Definition const& definition, Settings const& settings,
          detail::Build const& build) {
    auto const signals = block_signals();
    auto const engine = net::choose_engine(settings.engine);
    net::use_engine(engine.kind);
    std::optional<EndsWhileStarting> starting(std::in_place);
    Running running(definition, settings, settings.store, build);
    starting.reset();
    auto& kit = running.kit;
    auto& log = running.log;
    Pipeline pipeline(kit, running.router);
    AccessLog access(log, running.metrics, running.loops.size());
    auto const on_failure = [&log](std::string_view request_id, std::string_view what) {
        log.error("a handler failed", {{"request_id", request_id}, {"error", what}});
    };
    auto const observer = [&access](http::AccessRecord const& record) { access.observe(record); };
    auto const complete = http::message_service(
        [&pipeline](http::Request& request) { return pipeline.handle(request); }, observer,
        on_failure);
    auto const handler = [&relay = running.built.relay,
                          &complete](http::Exchange& exchange) -> Task<> {
        if (relay && co_await relay(exchange)) co_return;
        co_await complete(exchange);
    };
    http::Server server(running.loops,
                        {.host = settings.host,
                         .port = settings.port,
                         .sharing = settings.sharing,
                         .unix_path = settings.unix_socket,
                         .name = std::string(definition.about.name),
                         .behind_gateway = !running.built.relay,
                         .on_failure = on_failure,
                         .tls = settings.tls,
                         .tls_port = settings.tls_port,
                         .connections_per_peer_max = settings.connections_per_client,
                         .http2_clear = settings.http2_clear,
                         .drain_notice = limits::drain_notice},
                        http::StreamHandler(handler), observer);
    auto const flushing = running.loops.at(0).on_sweep([&log](auto) { log.flush(); });

    watch_connections(kit.metrics(), server);
    kit.stop_with([] { ::kill(::getpid(), SIGTERM); });
    server.start();
    auto const doors = open_doors(kit, observer);
    running.loops.start();
    std::atomic<bool> stopping{false};
    start_periodic(kit, stopping);
    reload_certificate(kit, settings.tls);
    running.operations.set_ready(true);
    if (!settings.rate_limit) log.warn("RATE_LIMIT is off: no client is limited");
    log.info("listening", {{"host", settings.host},
                           {"port", server.port()},
                           {"tls_port", server.tls_port()},
                           {"version", settings.version},
                           {"engine", net::name_of(engine.kind)}});
    if (!engine.obstacle.empty())
        log.warn("io_uring is not to be had here, epoll serves", {{"why", engine.obstacle}});
    log.flush();

    wait_for_stop(kit, settings.log_level, signals);
    log.info("draining");
    running.operations.set_ready(false);
    stopping.store(true);
    for (auto const& work : kit.drains()) work();
    server.drain(limits::drain_time_max);
    for (auto const& door : doors) door->drain(std::chrono::seconds(1));
    running.loops.stop();
    log.info("stopped");
    return 0;
}

int help(detail::Definition const& definition) {
    std::cout << definition.about.title
              << "\n\nSettings come from the environment; see --print-config.\n\n"
              << "  --check-config       check the settings and exit\n"
              << "  --print-config       show every setting, secrets masked\n"
              << "  --routes             list the routes with their source lines\n"
              << "  --where METHOD PATH  show the route that answers\n"
              << "  --openapi            print the OpenAPI document\n"
              << (definition.storage
                      ? "  --copy-store TO      move the data: sqlite-to-mongo or mongo-to-sqlite\n"
                        "  --shards             print the commands that shard its collections\n"
                      : "")
              << "  --version            print the version\n"
              << definition.command_help;
    return 0;
}

int dispatch(detail::Definition const& definition, std::vector<std::string> const& arguments) {
    auto const flag = arguments.empty() ? std::string() : arguments[0];
    if (flag == "--help") return help(definition);
    if (flag == "--version") {
        std::cout << GROVER_VERSION << '\n';
        return 0;
    }
    auto env = Environment::of_process();
    if (definition.command)
        if (auto const status = definition.command(env, arguments)) return *status;
    auto const settings = Settings::read(env, definition.about);
    auto const build = definition.configure(env);
    if (flag == "--print-config") std::cout << env.print();
    env.check();
    if (flag == "--print-config") return 0;
    if (flag == "--check-config") {
        std::cout << "the settings are good\n";
        return 0;
    }
    if (flag == "--copy-store" && !definition.storage) {
        std::cout << definition.about.name << " has no data\n";
        return 0;
    }
    if (flag == "--copy-store")
        return definition.storage->copy(definition.about, definition.storage->schema,
                                        settings.store, arguments.size() == 2 ? arguments[1] : "");
    if (flag == "--shards" && definition.storage) {
        std::cout << store::shard_commands(settings.store, definition.storage->schema);
        return 0;
    }
    if (flag == "--openapi" || flag == "--routes" || flag == "--where")
        return describe(definition, settings, build, arguments);
    if (!flag.empty()) throw ConfigError("unknown argument " + flag + "; see --help");
    return serve(definition, settings, build);
}

}  // namespace

int detail::run(int argc, char** argv, Definition definition) {
    ::umask(S_IRWXG | S_IRWXO);  // What it writes is about people: its user's alone.
    try {
        if (definition.storage)
            definition.storage->schema.collections.push_back(idempotency_collection());
        return dispatch(definition, std::vector<std::string>(argv + 1, argv + argc));
    } catch (ConfigError const& e) {
        std::cerr << definition.about.name << ": " << e.what() << '\n';
        return 2;
    } catch (std::exception const& e) {
        std::cerr << definition.about.name << ": " << e.what() << '\n';
        return 1;
    }
}

}  // namespace grover::service
