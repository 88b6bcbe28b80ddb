//! Turns what serde says about a wrong shape into a sentence about the client's own field.

use crate::error::{Error, Place};

/// The error for a value at `place` that serde refused with `text`, `path` being where it stood
/// in dots (`.` or empty for the whole).
pub(super) fn error(place: Place, path: &str, text: &str) -> Error {
    let path = if path == "." { "" } else { path };
    if let Some(name) = quoted_after(text, "missing field ") {
        let field = join(path, name);
        return Error::invalid_at(place, field.clone(), format!("{field} is required"), "missing");
    }
    if let Some(name) = quoted_after(text, "duplicate field ") {
        let field = join(path, name);
        let message = format!("{field} may stand only once");
        return Error::invalid_at(place, field, message, "value_error");
    }
    if let Some(name) = quoted_after(text, "unknown field ") {
        let field = join(path, name);
        let message = format!("{field} is not known here");
        return Error::invalid_at(place, field, message, "extra_forbidden");
    }
    let (rule, kind) = rule(text);
    let subject = match (path, place) {
        ("", Place::Body) => "The body",
        ("", Place::Query) => "A value of the query string",
        ("", Place::Path) => "A part of the path",
        ("", Place::Header) => "A header",
        (path, _) => path,
    };
    Error::invalid_at(place, path.to_owned(), format!("{subject} {rule}"), kind)
}

/// What is allowed, as the end of a sentence that begins with the field, and a stable word.
fn rule(text: &str) -> (String, &'static str) {
    // The words of `std::num::ParseIntError` and its kin, which a query string or path meets.
    if text.contains("digit found in string")
        || text.contains("integer from empty string")
        || text.starts_with("number too")
    {
        return ("must be a number".to_owned(), "int_parsing");
    }
    if text.contains("`true` or `false`") {
        return ("must be true or false".to_owned(), "bool_parsing");
    }
    if text.starts_with("unknown variant") {
        let allowed = text.split_once(", expected ").map_or("", |(_, allowed)| allowed);
        let allowed = allowed.strip_prefix("one of ").unwrap_or(allowed).replace('`', "");
        return (format!("must be one of: {}", allowed.replace(" or ", ", ")), "enum");
    }
    if text.starts_with("invalid type")
        || text.starts_with("invalid value")
        || text.starts_with("invalid length")
    {
        let expected = text.split_once(", expected ").map_or("", |(_, expected)| expected);
        let (what, kind) = match expected {
            "a string" | "a borrowed string" | "a character" => ("a string", "string_type"),
            "a boolean" => ("true or false", "bool_type"),
            "f32" | "f64" => ("a number", "float_type"),
            "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => {
                ("a whole number in range", "int_type")
            }
            _ if expected.starts_with("a sequence") => ("a list", "list_type"),
            _ if expected.starts_with("struct") || expected.starts_with("a map") => {
                ("an object", "model_type")
            }
            // The words of a deserializer of ours.
            own => (own, "value_error"),
        };
        return (format!("must be {what}"), kind);
    }
    if text.starts_with("must ") || text.starts_with("may ") || text.starts_with("is ") {
        return (text.to_owned(), "value_error");
    }
    (format!("is not allowed: {text}"), "value_error")
}

fn quoted_after<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    text.strip_prefix(start)?.strip_prefix('`')?.split('`').next()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
