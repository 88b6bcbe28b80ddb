//! The API as `/openapi.json` describes it, and what it describes held against what is answered.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::rig::{Answer, Rig, Visitor, assert_shape};

/// The description of a running site.
pub(crate) struct Described {
    pub(crate) document: Value,
    /// The operations that were asked, such as `GET /api/posts/{id}`.
    asked: RefCell<BTreeSet<String>>,
}

impl Described {
    pub(crate) async fn of(rig: &Rig) -> Self {
        let document = rig.stranger.get("/openapi.json").await.good(200);
        Self { document, asked: RefCell::default() }
    }

    /// Every operation: method, path and description.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (String, &str, &Value)> {
        let paths = self.document["paths"].as_object().unwrap().iter();
        paths.flat_map(|(path, item)| {
            let methods = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];
            methods.into_iter().filter_map(move |method| {
                Some((method.to_uppercase(), path.as_str(), item.get(method)?))
            })
        })
    }

    /// Asks for `operation`, such as `GET /api/posts/{id}`, with the parts of the path filled in
    /// and whatever else follows; what is answered must have `status` and `shape`, and be as it is
    /// described.
    pub(crate) async fn answers(
        &self,
        visitor: &Visitor,
        operation: &str,
        parts: &[&str],
        body: Option<Value>,
        (status, shape): (u16, Value),
    ) -> Value {
        let (operation, query) = operation.split_once('?').unwrap_or((operation, ""));
        let (method, template) = operation.split_once(' ').unwrap();
        let mut path = filled(template, parts);
        if !query.is_empty() {
            path = format!("{path}?{query}");
        }
        let answer = visitor.ask(method, &path, body).await;
        self.assert_described(method, template, &answer);
        self.asked.borrow_mut().insert(operation.to_owned());
        let body = answer.good(status);
        assert_shape(operation, &body, &shape);
        body
    }

    /// Asserts that every operation of a dialect was asked.
    pub(crate) fn assert_complete(&self, is_meant: impl Fn(&str) -> bool) {
        let asked = self.asked.borrow();
        let all = self.operations().map(|(method, path, _)| (path, format!("{method} {path}")));
        let missing: Vec<String> = all
            .filter(|(path, operation)| is_meant(path) && !asked.contains(operation))
            .map(|(_, operation)| operation)
            .collect();
        assert!(missing.is_empty(), "nothing says how these answer: {missing:#?}");
    }

    /// The answer's status is among those that are described, and its body of the shape given there.
    fn assert_described(&self, method: &str, template: &str, answer: &Answer) {
        let what = format!("{method} {template}");
        let operation = &self.document["paths"][template][method.to_lowercase()];
        assert!(operation.is_object(), "{what} is not described");
        let response = &operation["responses"][answer.status.to_string()];
        assert!(response.is_object(), "{what} answers {}, which is not described", answer.status);
        let schema = &response["content"]["application/json"]["schema"];
        if answer.status >= 400 {
            return;
        }
        if answer.status == 204 {
            assert!(schema.is_null() && answer.body.is_null(), "{what} should have no body");
            return;
        }
        assert!(schema.is_object(), "{what} does not say what it answers");
        if let Err(difference) = self.fits(&answer.body, schema, "") {
            panic!("{what} is not as described: {difference}\nin {:#}", answer.body);
        }
    }

    /// As much of JSON Schema as the description uses.
    fn fits(&self, value: &Value, schema: &Value, place: &str) -> Result<(), String> {
        if let Some(reference) = schema["$ref"].as_str() {
            let found = self.document.pointer(reference.trim_start_matches('#'));
            let schema = found.ok_or_else(|| format!("{reference} leads nowhere"))?;
            return self.fits(value, schema, place);
        }
        for word in ["oneOf", "anyOf"] {
            if let Some(schemas) = schema[word].as_array() {
                let any = schemas.iter().any(|schema| self.fits(value, schema, place).is_ok());
                return if any {
                    Ok(())
                } else {
                    Err(format!("{place} is none of {word}: {value}"))
                };
            }
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            return Err(format!("{place} is {value}, not one of {allowed:?}"));
        }
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let is = |wanted: &Value| wanted == kind || (wanted == "number" && kind == "integer");
        let fits = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().any(is),
            Value::Null => true,
            wanted => is(wanted),
        };
        if !fits {
            return Err(format!("{place} is {value}, not {}", schema["type"]));
        }
        match value {
            Value::Object(fields) => self.object_fits(fields, schema, place),
            Value::Array(items) => items
                .iter()
                .try_for_each(|item| self.fits(item, &schema["items"], &format!("{place}[]"))),
            _ => Ok(()),
        }
    }

    fn object_fits(
        &self,
        fields: &serde_json::Map<String, Value>,
        schema: &Value,
        place: &str,
    ) -> Result<(), String> {
        let (mut properties, mut required) = (serde_json::Map::new(), Vec::new());
        self.collect(schema, &mut properties, &mut required);
        if properties.is_empty() {
            return Ok(());
        }
        for name in required {
            if !fields.contains_key(&name) {
                return Err(format!("{place}.{name} is not there"));
            }
        }
        for (name, value) in fields {
            let schema = properties.get(name);
            let schema = schema.ok_or_else(|| format!("{place}.{name} is not described"))?;
            self.fits(value, schema, &format!("{place}.{name}"))?;
        }
        Ok(())
    }

    /// The properties of an object, those of what it is put together from included.
    fn collect(
        &self,
        schema: &Value,
        properties: &mut serde_json::Map<String, Value>,
        required: &mut Vec<String>,
    ) {
        if let Some(reference) = schema["$ref"].as_str() {
            let found = self.document.pointer(reference.trim_start_matches('#')).unwrap();
            return self.collect(found, properties, required);
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.collect(part, properties, required);
        }
        properties.extend(schema["properties"].as_object().cloned().unwrap_or_default());
        let names = schema["required"].as_array().into_iter().flatten();
        required.extend(names.map(|name| name.as_str().unwrap().to_owned()));
    }
}

/// A path with its parts in place of their names.
pub(crate) fn filled(template: &str, parts: &[&str]) -> String {
    let mut parts = parts.iter();
    let steps = template.split('/').map(|step| match step.strip_prefix('{') {
        Some(_) => *parts.next().unwrap_or_else(|| panic!("{template} has more parts")),
        None => step,
    });
    let path = steps.collect::<Vec<_>>().join("/");
    assert!(parts.next().is_none(), "{template} has fewer parts");
    path
}
