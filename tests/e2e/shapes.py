"""What replies look like: the field sets of the contract, and checks that say what is missing or too much."""

TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"

NOTIFY = {"notify_followers", "notify_likes", "notify_comments", "notify_messages", "notify_sales", "notify_mentions",
          "notify_reposts"}
LINKS = {"website", "twitter", "instagram", "linkedin"}
COUNTS = {"followers_count", "following_count", "posts_count"}
USER = {"user_id", "email", "name", "bio", "picture", "paypal_email", "is_premium", "is_private",
        "monetization_enabled", "roles", "created_at", "updated_at"} | LINKS | NOTIFY | COUNTS
SESSION = USER | {"session_token", "expires_at"}
USER_PUBLIC = {"user_id", "name", "bio", "picture", "is_premium", "is_private", "created_at", "is_following",
               "follows_you", "follow_requested"} | LINKS | COUNTS
DEVICE = {"session_id", "created_at", "last_seen_at", "user_agent", "ip", "current"}
STATS = {"followers_count", "following_count", "posts_count", "products_count", "followers", "following", "posts"}
AUTHOR = {"user_id", "name", "picture", "is_premium"}
POST = {"post_id", "user_id", "user", "content", "media_url", "media_type", "media", "tagged_users", "location",
        "visibility", "tags", "likes_count", "dislikes_count", "shares_count", "comments_count", "repost_count",
        "reaction_counts", "is_repost", "original_post_id", "original_post", "repost_comment", "has_poll",
        "poll_question", "poll_options", "poll_votes", "poll_expires_at", "created_at", "updated_at", "edited"}
POST_FOR_CALLER = {"liked", "is_liked", "disliked", "saved", "reposted", "user_reaction", "user_vote"}
COMMENT = {"comment_id", "post_id", "user_id", "user", "content", "likes_count", "replies_count", "liked", "created_at"}
PROBLEM = {"type", "title", "status", "detail", "message", "code", "request_id"}


def exact(fields: set[str], maybe: set[str] = frozenset()):
    """An object with these members, perhaps some of `maybe`, and no other."""
    def check(value):
        assert isinstance(value, dict), f"expected an object, found {value!r:.200}"
        missing, strange = fields - value.keys(), value.keys() - fields - maybe
        assert not missing and not strange, f"missing {sorted(missing)}, not in the contract {sorted(strange)}"
    return check


def has(*fields: str, **values):
    """An object with at least these members; those given as name=value with that value."""
    def check(value):
        assert isinstance(value, dict), f"expected an object, found {value!r:.200}"
        missing = (set(fields) | values.keys()) - value.keys()
        assert not missing, f"missing {sorted(missing)} in {value!r:.300}"
        for name, wanted in values.items():
            assert value[name] == wanted, f"{name} is {value[name]!r}, not {wanted!r}"
    return check


def list_of(item, some: bool = False):
    """A bare array of such items; with `some`, not an empty one."""
    def check(value):
        assert isinstance(value, list), f"expected an array, found {value!r:.200}"
        assert value or not some, "the array is empty"
        for one in value:
            item(one)
    return check


def post(value):
    exact(POST | POST_FOR_CALLER)(value)
    exact(AUTHOR)(value["user"])


def post_for_nobody(value):
    exact(POST, POST_FOR_CALLER)(value)
    exact(AUTHOR)(value["user"])


def comment(value):
    exact(COMMENT, {"parent_comment_id"})(value)
    exact(AUTHOR)(value["user"])


def anything(_value):
    pass


def problem(reply, status: int) -> dict:
    """The reply is this problem, whole: RFC 9457 in the shape of section 1."""
    assert reply.status == status, f"expected {status}, found {reply}"
    assert (reply.header("Content-Type") or "").startswith("application/problem+json"), reply.headers
    value = reply.json
    exact(PROBLEM, {"errors"})(value)
    assert value["status"] == status
    assert isinstance(value["detail"], str) and value["detail"]
    assert value["message"] == value["detail"]
    assert value["code"] and value["code"].replace("_", "").isalnum() and value["code"] == value["code"].lower()
    assert value["request_id"] and value["request_id"] == reply.header("X-Request-ID")
    for entry in value.get("errors", []):
        exact({"pointer", "message"})(entry)
    if status == 401:
        assert (reply.header("WWW-Authenticate") or "").startswith("Bearer"), reply.headers
    if status == 405:
        assert reply.header("Allow")
    if status == 429:
        assert reply.header("Retry-After")
    if status == 422:
        assert value.get("errors") or value["code"] != "invalid_request", value
    for leak in ("127.0.0.1", "sqlite", "SQLITE", "/work/", "std::", "boost", "stack"):
        assert leak not in reply.body.decode("utf-8", "replace"), f"a problem tells of {leak}: {reply}"
    return value
