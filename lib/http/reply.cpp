#include "http/reply.hpp"

#include "base/encoding.hpp"
#include "http/url.hpp"

namespace grover::http {

void add_next_link(Response& response, Request const& request, Position const& next) {
    std::string link = "<" + request.path + "?";
    if (auto const query = parse_query(request.query))
        for (auto const& [name, value] : *query)
            if (name != "cursor" && name != "skip")
                link += percent_encode(name) + "=" + percent_encode(value) + "&";
    link += "cursor=" + encode_cursor(next) + ">; rel=\"next\"";
    response.headers.add("Link", link);
}

}  // namespace grover::http
