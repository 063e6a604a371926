// grover-load: plays a social graph into a running Grover through its gateway, and checks what the
// system then answers against the input.
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "api.hpp"
#include "base/random.hpp"
#include "check.hpp"
#include "graph.hpp"
#include "net/endpoint.hpp"
#include "player.hpp"
#include "progress.hpp"
#include "script.hpp"

namespace grover::load {
namespace {

constexpr std::string_view usage =
    R"(usage: ./grover load [GRAPH] [--posts N] [--users N] [--seed S] [--gateway URL] [--connections N]

Plays a social graph into a running system: registers each person, follows along every edge both
ways, publishes posts, likes and reacts; then reads the feeds of 50 people page by page to their
ends, and profiles and posts, and compares them with the input. Exit 1 when anything differs.

  GRAPH            an edge list, two numbers a line; without one, a power-law graph is generated
  --users N        only the first N people of GRAPH (default: all); of a generated one (default 1000)
  --posts N        posts per person (default 5)
  --seed S         the same seed plays the same (default 1)
  --gateway URL    where the system is: http://host:port or unix:/path (default: the unix socket that
                   ./grover up opens, whose callers are not limited; else http://127.0.0.1:8000)
  --connections N  requests at a time, 1..1000 (default 64)
)";

constexpr std::size_t generated_people = 1'000;
constexpr std::size_t generated_links = 10;

struct Options {
    std::string graph;
    std::optional<std::size_t> users;
    std::size_t posts = 5;
    std::uint64_t seed = 1;
    std::string gateway = "http://127.0.0.1:8000";
    std::size_t connections = 64;
};

/// What is wrong with the command line.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

std::uint64_t number(std::string_view option, std::string_view text, std::uint64_t min,
                     std::uint64_t max) {
    std::uint64_t value = 0;
    auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end != text.data() + text.size() || value < min || value > max)
        throw UsageError(
            fmt::format("{} takes a number from {} to {}, not '{}'", option, min, max, text));
    return value;
}

Options read_options(std::vector<std::string> const& arguments) {
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        auto const& argument = arguments[i];
        if (!argument.starts_with("--")) {
            if (!options.graph.empty()) throw UsageError("there is more than one GRAPH");
            options.graph = argument;
            continue;
        }
        auto const value = [&]() -> std::string const& {
            if (++i == arguments.size()) throw UsageError(argument + " needs a value");
            return arguments[i];
        };
        if (argument == "--users")
            options.users = number(argument, value(), 2, 1'000'000);
        else if (argument == "--posts")
            options.posts = number(argument, value(), 0, 10'000);
        else if (argument == "--seed")
            options.seed = number(argument, value(), 0, UINT64_MAX);
        else if (argument == "--connections")
            options.connections = number(argument, value(), 1, 1'000);
        else if (argument == "--gateway")
            options.gateway = value();
        else
            throw UsageError("there is no option " + argument);
    }
    while (options.gateway.ends_with('/')) options.gateway.pop_back();
    if (!net::Endpoint::parse(options.gateway))
        throw UsageError("'" + options.gateway +
                         "' is not an address such as http://127.0.0.1:8000");
    return options;
}

Graph choose_graph(Options const& options) {
    if (options.graph.empty())
        return generate_graph(options.users.value_or(generated_people), generated_links,
                              options.seed);
    auto graph = read_graph_file(options.graph);
    return options.users ? first_people(graph, *options.users) : graph;
}

/// Runs the coroutine that `function` starts and waits for it.
template <class Function>
auto run_on(net::Loop& loop, Function function) {
    return boost::asio::co_spawn(loop.executor(), std::move(function), boost::asio::use_future)
        .get();
}

int play(Options const& options) {
    auto const script = write_script(choose_graph(options),
                                     {.posts_per_person = options.posts, .seed = options.seed});
    // The process's random bits make each run new to a system that has seen the same seed before.
    auto const run = fmt::format("{}-{}", options.seed, random_hex(6));
    fmt::print("run {}: {} people, {} follows, {} posts, {} likes, {} reactions into {}\n", run,
               with_commas(script.graph.people), with_commas(script.follows.size()),
               with_commas(script.posts.size()), with_commas(script.likes.size()),
               with_commas(script.reactions.size()), options.gateway);
    std::fflush(stdout);

    net::Loops loops(1, 1);
    loops.start();
    struct Stop {
        net::Loops& loops;
        ~Stop() { loops.stop(); }
    };
    Api api(loops.at(0), options.gateway);
    Player player(api, script, run, options.connections);
    Check check(player, api, script, {.seed = options.seed});
    Stop const stop{loops};  // Last made, so nothing runs any more when the others go.

    auto const began = std::chrono::steady_clock::now();
    run_on(loops.at(0), [&] { return player.play(); });
    auto const problems = run_on(loops.at(0), [&] { return check.run(); });
    std::chrono::duration<double> const took = std::chrono::steady_clock::now() - began;

    for (auto const& problem : problems) fmt::print("{}", problem);
    if (api.retries() > 0)
        fmt::print("{} requests were tried again (429, 503 or a lost connection)\n",
                   with_commas(api.retries()));
    fmt::print("{} in {:.1f} s\n",
               problems.empty() ? std::string("all checks are equal")
                                : fmt::format("{} checks differ", problems.size()),
               took.count());
    return problems.empty() ? 0 : 1;
}

int run(std::vector<std::string> const& arguments) {
    for (auto const& argument : arguments)
        if (argument == "--help" || argument == "-h") {
            fmt::print("{}", usage);
            return 0;
        }
    try {
        return play(read_options(arguments));
    } catch (UsageError const& error) {
        fmt::print(stderr, "grover load: {}\n{}", error.what(), usage);
        return 2;
    } catch (std::exception const& error) {
        fmt::print(stderr, "grover load: {}\n", error.what());
        return 1;
    }
}

}  // namespace
}  // namespace grover::load

int main(int argc, char** argv) {
    return grover::load::run(std::vector<std::string>(argv + 1, argv + argc));
}
