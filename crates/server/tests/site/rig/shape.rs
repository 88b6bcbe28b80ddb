//! The shape of JSON: every name, and what kind of value stands under it.
//!
//! A shape is JSON that looks like what it describes, with words for values:
//!
//! | word | what it stands for |
//! |---|---|
//! | `text`, `number`, `bool`, `null` | one of these |
//! | `id` | an id as decimal text |
//! | `time` | RFC 3339 in UTC with milliseconds and `Z` |
//! | `…?` | the same, or null |
//! | `=…` | this very text |
//!
//! An object has exactly the names of its shape. A list with one shape has items of that shape, at
//! least one; an empty list is empty.

use serde_json::Value;

/// Asserts that `value` has this shape, and says where it has not.
#[track_caller]
pub(crate) fn assert_shape(what: &str, value: &Value, shape: &Value) {
    if let Err(difference) = compare(value, shape, "") {
        panic!("{what}: {difference}\nin {value:#}");
    }
}

fn compare(value: &Value, shape: &Value, place: &str) -> Result<(), String> {
    match (value, shape) {
        (Value::Object(values), Value::Object(shapes)) => {
            if let Some(name) = values.keys().find(|name| !shapes.contains_key(*name)) {
                return Err(format!("{place}.{name} should not be there"));
            }
            for (name, shape) in shapes {
                let value =
                    values.get(name).ok_or_else(|| format!("{place}.{name} is not there"))?;
                compare(value, shape, &format!("{place}.{name}"))?;
            }
            Ok(())
        }
        (Value::Array(values), Value::Array(shapes)) => {
            let Some(shape) = shapes.first() else {
                return if values.is_empty() {
                    Ok(())
                } else {
                    Err(format!("{place} is not empty"))
                };
            };
            if values.is_empty() {
                return Err(format!("{place} is empty, which shows nothing"));
            }
            let mut items = values.iter().enumerate();
            items.try_for_each(|(index, value)| compare(value, shape, &format!("{place}[{index}]")))
        }
        (value, Value::String(word)) => {
            if is(value, word) {
                Ok(())
            } else {
                Err(format!("{place} is {value}, not {word}"))
            }
        }
        (value, shape) if value == shape => Ok(()),
        _ => Err(format!("{place} is {value}, not {shape}")),
    }
}

fn is(value: &Value, word: &str) -> bool {
    if let Some(exact) = word.strip_prefix('=') {
        return value == exact;
    }
    if let Some(word) = word.strip_suffix('?') {
        return value.is_null() || is(value, word);
    }
    match word {
        "text" => value.is_string(),
        "number" => value.is_u64(),
        "fraction" => value.is_number(),
        "bool" => value.is_boolean(),
        "null" => value.is_null(),
        "id" => value.as_str().is_some_and(|id| {
            id.parse::<u64>().is_ok_and(|number| number > 0 && number.to_string() == id)
        }),
        "time" => value.as_str().is_some_and(is_time),
        _ => panic!("{word} is no word for a shape"),
    }
}

/// `2026-01-01T00:00:00.000Z`, in this very form.
fn is_time(text: &str) -> bool {
    const FORM: &str = "0000-00-00T00:00:00.000Z";
    text.len() == FORM.len()
        && text.bytes().zip(FORM.bytes()).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == form,
        })
}

#[test]
fn a_shape_is_strict() {
    use serde_json::json;
    let value = json!({ "id": "7", "at": "2026-01-01T00:00:00.000Z", "list": [{ "n": 1 }] });
    let matches = |shape: Value| compare(&value, &shape, "").is_ok();
    assert!(matches(json!({ "id": "id", "at": "time", "list": [{ "n": "number?" }] })));
    assert!(matches(json!({ "id": "=7", "at": "text?", "list": [{ "n": 1 }] })));
    assert!(!matches(json!({ "id": "number", "at": "time", "list": [{ "n": "number" }] })));
    assert!(!matches(json!({ "id": "id", "at": "time" })));
    assert!(!matches(json!({ "id": "id", "at": "time", "list": [] })));
    assert!(!matches(json!({ "id": "id", "at": "time", "list": [{ "n": "text" }] })));
    assert!(!is_time("2026-01-01T00:00:00Z"));
    assert!(!is(&json!("07"), "id"));
}
