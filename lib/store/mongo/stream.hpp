// What libmongoc reads from and writes to, over the streams of the loops (net/stream.hpp): where it
// would block, its worker does.
#pragma once

#include <mongoc/mongoc.h>

namespace grover::store::mongo {

/// A mongoc_stream_initiator_t. `worker` is the Worker that will use the stream, which is on its
/// thread afterwards: handshakes compute. Where the URL wants TLS, it is the driver's over ours.
mongoc_stream_t* connect_stream(mongoc_uri_t const* uri, mongoc_host_list_t const* host,
                                void* worker, bson_error_t* error);

/// False for a URL with options that only the driver's own initiator knows: those of the
/// revocation of certificates.
bool may_connect(mongoc_uri_t const* uri);

}  // namespace grover::store::mongo
