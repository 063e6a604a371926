#include "user/export_api.hpp"

#include "base/encoding.hpp"
#include "base/limits.hpp"

namespace grover::user {
namespace {

/// `"name":`, and a comma before all but the first member.
std::string member(std::string_view name) {
    return ",\"" + std::string(name) + "\":";
}

/// The elements of an array, without its brackets; `first` tells whether some came before.
template <class Items>
std::string elements(Items const& items, bool& first) {
    std::string out;
    for (auto const& item : items) {
        if (!std::exchange(first, false)) out += ',';
        out += reflect::to_json(item);
    }
    return out;
}

}  // namespace

ExportApi::ExportApi(Data& data, Sessions& sessions, Relations const& relations,
                     service::Peer& posts, Clock clock)
    : data_(data),
      sessions_(sessions),
      relations_(relations),
      posts_(posts),
      clock_(std::move(clock)) {}

Task<http::Streamed<AccountExport>> ExportApi::export_all(auth::Caller caller,
                                                          http::RequestInfo info) {
    auto first = co_await beginning(caller);
    auto const& id = caller.user_id;
    auto posts = co_await posts_page(id, {}, info);
    co_return http::Streamed<AccountExport>{
        [this, id, info, first = std::move(first),
         posts = std::move(posts)](http::BodySink const& sink) -> Task<> {
            co_await sink(first);
            co_await write_edges<&Edge::followed_at, &Edge::actor>("following", id, sink);
            co_await write_edges<&Edge::followed_at, &Edge::target>("followers", id, sink);
            co_await write_edges<&Edge::requested_at, &Edge::actor>("requested", id, sink);
            co_await write_edges<&Edge::blocked_at, &Edge::actor>("blocked", id, sink);
            co_await write_edges<&Edge::muted_at, &Edge::actor>("muted", id, sink);
            co_await sink(",\"services\":[");
            co_await write_posts(posts, id, info, sink);
            co_await sink("]}");
        }};
}

Task<std::string> ExportApi::beginning(auth::Caller const& caller) const {
    auto const user = co_await data_.users.find(caller.user_id);
    if (!user) throw_account_gone();
    std::vector<ExportedIdentity> identities;
    for (auto const& identity : co_await data_.identities.list(
             {.filter = store::where<&ExternalIdentity::user_id>(caller.user_id),
              .limit = grover::limits::find_limit_max}))
        identities.push_back({identity->provider, identity->subject, identity->created_at});
    std::vector<ExportedSession> sessions;
    for (auto const& session : co_await sessions_.of(caller.user_id))
        sessions.push_back({session.session_id, session.created_at, session.last_seen_at,
                            session.user_agent, session.ip});
    co_return "{\"exported_at\":" + reflect::to_json(clock_()) + member("user") +
        reflect::to_json(own_view(user->value)) + member("identities") +
        reflect::to_json(identities) + member("sessions") + reflect::to_json(sessions);
}

template <auto At, auto Who>
Task<> ExportApi::write_edges(std::string_view name, UserId const& user,
                              http::BodySink const& sink) const {
    co_await sink(member(name) + '[');
    bool first = true;
    std::vector<boost::json::value> after;
    for (bool more = true; more;) {
        auto const page = co_await relations_.list<At, Who>(user, grover::limits::find_limit_max, 0,
                                                            std::move(after));
        std::vector<ExportedEdge> edges;
        for (auto const& edge : page)
            edges.push_back({edge->actor == user ? edge->target : edge->actor,
                             (edge.value.*At).value_or(Timestamp())});
        co_await sink(elements(edges, first));
        more = page.size() == grover::limits::find_limit_max;
        if (more) after = data_.edges.position({store::descending<At>()}, *page.back());
    }
    co_await sink("]");
}

Task<> ExportApi::write_posts(contracts::ExportPage page, UserId const& user,
                              http::RequestInfo const& info, http::BodySink const& sink) const {
    co_await sink("{\"service\":\"post-service\",\"data\":{");
    std::string collection;
    bool first = true;
    for (;;) {
        if (page.collection != collection) {
            auto text = collection.empty() ? std::string() : "]";
            auto const name = member(page.collection) + '[';
            text += collection.empty() ? name.substr(1) : name;
            co_await sink(text);
            collection = page.collection;
            first = true;
        }
        co_await sink(elements(page.documents, first));
        if (!page.next) break;
        // The reader may take as long as it likes; each page has a time of its own.
        auto own = info;
        own.deadline = std::chrono::steady_clock::now() + grover::limits::request_time_max;
        page = co_await posts_page(user, std::move(page.next), std::move(own));
    }
    co_await sink("]}}");
}

Task<contracts::ExportPage> ExportApi::posts_page(UserId const& user,
                                                  std::optional<std::string> cursor,
                                                  http::RequestInfo info) const {
    auto target = "/internal/users/" + user.str() + "/export";
    if (cursor) target += "?cursor=" + percent_encode(*cursor);
    co_return co_await posts_.get<contracts::ExportPage>(std::move(target), std::move(info));
}

}  // namespace grover::user
