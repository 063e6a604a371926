// All of one's data in one document, which is written while it is read: it may be larger than what
// fits in memory.
#pragma once

#include "contracts/post.hpp"
#include "http/reply.hpp"
#include "service/peer.hpp"
#include "user/relations.hpp"
#include "user/sessions.hpp"

namespace grover::user {

/// Who did something to whom, and since when, in an export.
struct ExportedEdge {
    UserId user_id;
    Timestamp since;
};
BOOST_DESCRIBE_STRUCT(ExportedEdge, (), (user_id, since))

struct ExportedIdentity {
    std::string provider;
    std::string subject;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(ExportedIdentity, (), (provider, subject, created_at))

struct ExportedSession {
    SessionId session_id;
    Timestamp created_at;
    Timestamp last_seen_at;
    std::string user_agent;
    std::string ip;
};
BOOST_DESCRIBE_STRUCT(ExportedSession, (), (session_id, created_at, last_seen_at, user_agent, ip))

/// What a service holds, by collection.
struct ServiceExport {
    std::string service;
    boost::json::object data;
};
BOOST_DESCRIBE_STRUCT(ServiceExport, (), (service, data))

/// Reply of GET /api/users/me/export.
struct AccountExport {
    Timestamp exported_at;
    OwnUser user;
    std::vector<ExportedIdentity> identities;
    std::vector<ExportedSession> sessions;
    std::vector<ExportedEdge> following;
    std::vector<ExportedEdge> followers;
    std::vector<ExportedEdge> requested;
    std::vector<ExportedEdge> blocked;
    std::vector<ExportedEdge> muted;
    std::vector<ServiceExport> services;
};
BOOST_DESCRIBE_STRUCT(AccountExport, (),
                      (exported_at, user, identities, sessions, following, followers, requested,
                       blocked, muted, services))

class ExportApi {
public:
    ExportApi(Data& data, Sessions& sessions, Relations const& relations, service::Peer& posts,
              Clock clock);

    /// Throws Error where the post service does not answer. When it ceases to in the middle, the
    /// answer breaks off: an export without the posts would look complete.
    Task<http::Streamed<AccountExport>> export_all(auth::Caller caller, http::RequestInfo info);

private:
    /// The members up to the lists.
    Task<std::string> beginning(auth::Caller const& caller) const;
    template <auto At, auto Who>
    Task<> write_edges(std::string_view name, UserId const& user, http::BodySink const& sink) const;
    Task<> write_posts(contracts::ExportPage page, UserId const& user,
                       http::RequestInfo const& info, http::BodySink const& sink) const;
    Task<contracts::ExportPage> posts_page(UserId const& user, std::optional<std::string> cursor,
                                           http::RequestInfo info) const;

    Data& data_;
    Sessions& sessions_;
    Relations const& relations_;
    service::Peer& posts_;
    Clock clock_;
};

}  // namespace grover::user
