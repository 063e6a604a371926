// Handlers of complete messages on top of the exchange. Internal to the server.
#pragma once

#include "http/server.hpp"

namespace grover::http {

/// Reads the whole request, lets `handler` answer it and tells `observer`.
StreamHandler message_service(Handler handler, AccessObserver observer, FailureObserver on_failure);

}  // namespace grover::http
