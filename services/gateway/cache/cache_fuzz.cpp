// What answers say of themselves, from any bytes: a request, its answer and a second request go
// through the whole cache. Nothing crashes; what must not be kept is not found again; what is one
// user's is not another's.
#include <cstdint>
#include <cstdlib>

#include "gateway/cache/answer.hpp"
#include "gateway/cache/fetch.hpp"
#include "gateway/cache/test_messages.hpp"
#include "http/cache_control.hpp"

namespace {

using namespace grover;
using namespace grover::gateway::cache;

void require(bool holds) {
    if (!holds) std::abort();
}

std::string_view next(std::string_view& bytes) {
    auto const part = bytes.substr(0, bytes.find('\0'));
    bytes.remove_prefix(std::min(bytes.size(), part.size() + 1));
    return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<char const*>(data), size);
    auto const flags = next(bytes);
    bool const first_has_session = flags.starts_with('s');
    RequestText const first(next(bytes)), second(bytes.substr(0, bytes.find('\0')));
    next(bytes);
    ReplyText const reply(bytes);
    if (!first.good() || !second.good() || !reply.good()) return 0;
    static Settings const settings;
    RouteSettings const route{.fields = {"*"}, .fresh = std::chrono::seconds(5)};
    Cache cache(settings);

    auto const request = first.request(first_has_session);
    if (!may_look_up(request.head)) return 0;
    Fetch fetch(cache, request, route, cache.decide(request, route, then), then);
    bool kept = fetch.hear(reply.head(), after(1)) == Fetch::Next::keep;
    if (kept) {
        fetch.add(std::string(2000, 'x'));
        kept = fetch.finish() != nullptr;
    }
    if (reply.head().get("Cache-Control") == "no-store") require(!kept);

    auto const again = second.request(!first_has_session);
    if (!may_look_up(again.head)) return 0;
    auto const decision = cache.decide(again, route, after(2));
    bool const sends =
        decision.what == Decision::What::send || decision.what == Decision::What::send_and_refresh;
    require(!sends || (kept && decision.entry));
    if (!sends) return 0;
    require(decision.entry->freshness.across_users);
    require(decision.entry->freshness.age_ms(after(2)) >= 0);
    auto const answer = make_answer(again.head, *decision.entry, {}, after(2));
    for_each_field(answer, [](std::string_view name, std::string_view value) {
        require(!name.empty() && value.find('\n') == value.npos);
    });
    require(answer.body.size() <= 2000);
    return 0;
}
