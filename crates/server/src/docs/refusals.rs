//! The refusals that no route makes itself, and the word that a request waits: what is around all
//! routes makes them, so they are added to the description here, for all routes by one rule, with the body that errors have.

use serde_json::{Map, Value, json};

use crate::operations::MAY_WAIT;

/// Adds to every operation the refusals that it can meet besides its own, and to every refusal its
/// body.
pub(super) fn describe(openapi: &mut Value) {
    add_schemas(openapi);
    let paths = openapi["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        let Some(dialect) = Dialect::of(path) else { continue };
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                complete(operation, method, dialect);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Dialect {
    Public,
    /// `/api/v1` and `/v1`.
    Detailed,
}

impl Dialect {
    /// None for what is not part of the API proper, such as `/health`.
    fn of(path: &str) -> Option<Self> {
        match path {
            _ if path.starts_with("/api/v1/") || path.starts_with("/v1/") => Some(Self::Detailed),
            _ if path.starts_with("/api/") => Some(Self::Public),
            _ => None,
        }
    }

    fn body(self) -> Value {
        let schema = match self {
            Self::Public => "#/components/schemas/Refusal",
            Self::Detailed => "#/components/schemas/DetailedRefusal",
        };
        json!({ "application/json": { "schema": { "$ref": schema } } })
    }
}

fn complete(operation: &mut Map<String, Value>, method: &str, dialect: Dialect) {
    let place = |place: &str| {
        let parameters = operation.get("parameters").and_then(Value::as_array);
        parameters.into_iter().flatten().any(|parameter| parameter["in"] == place)
    };
    let by = |scheme: &str| {
        let ways = operation.get("security").and_then(Value::as_array);
        ways.into_iter().flatten().any(|way| way.get(scheme).is_some())
    };
    let (in_query, in_path) = (place("query"), place("path"));
    let (by_token, by_key) = (by("bearer"), by("api_key"));
    let has_body = operation.contains_key("requestBody");
    let is_post = method == "post";
    let detailed = dialect == Dialect::Detailed;

    let met = [
        (has_body || is_post || in_query, "400", "The request cannot be understood"),
        (by_token || by_key, "401", "No good token or key"),
        (by_key, "403", "The key may not do this"),
        (is_post, "409", "What came first with the same `Idempotency-Key` has not ended"),
        (has_body || is_post, "413", "The body is too large"),
        (has_body, "415", "The body is not JSON"),
        (
            is_post || detailed && (has_body || in_query || in_path),
            "422",
            if detailed {
                "A value is not allowed, or the `Idempotency-Key` was used for something else"
            } else {
                "The `Idempotency-Key` was used for something else"
            },
        ),
        (true, "429", "Too many requests; `Retry-After` says when to come again"),
        (true, "503", "A part is down or too busy; `Retry-After` says when to come again"),
    ];
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else { return };
    for (_, status, description) in met.into_iter().filter(|(met, ..)| *met) {
        responses.entry(status).or_insert_with(|| json!({ "description": description }));
    }
    for (status, response) in responses.iter_mut() {
        let is_refusal = status.starts_with(['4', '5']);
        if let Some(response) = response.as_object_mut().filter(|_| is_refusal) {
            response.entry("content").or_insert_with(|| dialect.body());
        }
    }
    if operation.contains_key(MAY_WAIT) {
        may_wait(operation);
    }
    if is_post {
        let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.push(json!({
                "name": "Idempotency-Key",
                "in": "header",
                "description": "Sent again within 24 hours by the same caller, the same request \
                    is not carried out again but given its first answer.",
                "schema": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 255,
                    "pattern": "^[!-~]+$",
                },
            }));
        }
    }
}

/// What a client may ask for that would rather wait than be refused while the database is down.
fn may_wait(operation: &mut Map<String, Value>) {
    let schema = json!({ "$ref": "#/components/schemas/Operation" });
    operation["responses"]["202"] = json!({
        "description": "The database is down and the request waits for it, as `Prefer: respond-async` \
            asked: `Location` says where to read what became of it",
        "headers": { "Location": { "schema": { "type": "string" } } },
        "content": { "application/json": { "schema": schema } },
    });
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(parameters) = parameters.as_array_mut() {
        parameters.push(json!({
            "name": "Prefer",
            "in": "header",
            "description": "With `respond-async` beside an `Idempotency-Key`, a request that finds the \
                database down is kept and carried out later.",
            "schema": { "type": "string" },
        }));
    }
}

fn add_schemas(openapi: &mut Value) {
    let code = json!({ "type": "string", "description": "A stable word in snake_case" });
    let request_id = json!({ "type": "string", "description": "The same as in X-Request-Id" });
    let sentence = json!({ "type": "string", "description": "What happened and what to do next" });
    let field = json!({
        "type": "object",
        "required": ["loc", "msg", "type"],
        "properties": {
            "loc": {
                "type": "array",
                "items": { "type": ["string", "integer"] },
                "description": "Where the value stood, such as `body`, `media_urls`, 1",
            },
            "msg": { "type": "string" },
            "type": { "type": "string" },
        },
    });
    openapi["components"]["schemas"]["Refusal"] = json!({
        "type": "object",
        "required": ["error", "code", "request_id"],
        "properties": { "error": sentence, "code": code, "request_id": request_id },
    });
    openapi["components"]["schemas"]["DetailedRefusal"] = json!({
        "type": "object",
        "required": ["detail", "code", "request_id"],
        "properties": {
            "detail": { "oneOf": [sentence, { "type": "array", "items": field }] },
            "code": code,
            "request_id": request_id,
        },
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(path: &str, method: &str, operation: Value) -> Value {
        let mut openapi = json!({ "paths": { path: { method: operation } } });
        describe(&mut openapi);
        for name in ["Refusal", "DetailedRefusal"] {
            assert!(openapi["components"]["schemas"][name].is_object());
        }
        openapi["paths"][path][method].take()
    }

    fn statuses(operation: &Value) -> Vec<&str> {
        operation["responses"].as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[test]
    fn a_route_meets_what_is_around_it() {
        let read = json!({
            "security": [{}, { "bearer": [] }],
            "parameters": [{ "name": "cursor", "in": "query" }],
            "responses": { "200": {}, "404": { "description": "its own" } },
        });
        let operation = described("/api/posts", "get", read.clone());
        assert_eq!(statuses(&operation), ["200", "400", "401", "404", "429", "503"]);
        let responses = &operation["responses"];
        assert_eq!(responses["404"]["description"], "its own");
        assert!(responses["200"].get("content").is_none());
        for status in ["404", "429"] {
            let schema = &responses[status]["content"]["application/json"]["schema"];
            assert_eq!(schema["$ref"], "#/components/schemas/Refusal");
        }
        let operation = described("/api/v1/posts", "get", read);
        assert_eq!(statuses(&operation), ["200", "400", "401", "404", "422", "429", "503"]);
        let schema = &operation["responses"]["422"]["content"]["application/json"]["schema"];
        assert_eq!(schema["$ref"], "#/components/schemas/DetailedRefusal");
    }

    #[test]
    fn a_post_may_bear_a_key() {
        let write = json!({
            "security": [{}, { "api_key": [] }],
            "requestBody": {},
            "responses": { "201": {} },
        });
        let operation = described("/v1/posts", "post", write);
        let all = ["201", "400", "401", "403", "409", "413", "415", "422", "429", "503"];
        assert_eq!(statuses(&operation), all);
        assert_eq!(operation["parameters"][0]["name"], "Idempotency-Key");
    }

    #[test]
    fn what_may_wait_says_so() {
        let write = json!({ "responses": { "201": {} }, (MAY_WAIT): true });
        let operation = described("/api/posts", "post", write);
        assert!(statuses(&operation).contains(&"202"));
        assert_eq!(operation["parameters"][0]["name"], "Prefer");
        let operation = described("/api/posts", "post", json!({ "responses": { "201": {} } }));
        assert!(!statuses(&operation).contains(&"202"));
    }

    #[test]
    fn what_is_no_api_is_left_alone() {
        let operation = described("/health", "get", json!({ "responses": { "200": {} } }));
        assert_eq!(statuses(&operation), ["200"]);
    }
}
