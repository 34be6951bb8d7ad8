//! What stands in the files of lessons and exercises has its place in the schemas that are made from the types.

use faultline::lesson::schema::{design, exercise, lesson, reference, solution};
use serde_json::Value;

/// Is it of a type, or of one of several?
fn is_of(kind: Option<&Value>, value: &Value) -> bool {
    let is = |kind: &Value| match kind.as_str().unwrap_or_default() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type \"{other}\""),
    };
    kind.is_none_or(|kind| kind.as_array().map_or_else(|| is(kind), |kinds| kinds.iter().any(is)))
}

/// What stands in a file has its place in the schema; the first that has not.
fn stray(schema: &Value, root: &Value, value: &Value, path: &str) -> Option<String> {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return stray(root.pointer(&name[1..])?, root, value, path);
    }
    if let Some(ways) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
        let found: Vec<Option<String>> = ways.iter().map(|way| stray(way, root, value, path)).collect();
        return if found.iter().any(Option::is_none) { None } else { found.into_iter().flatten().next() };
    }
    if !is_of(schema.get("type"), value) {
        return Some(format!("{path}: {value} is no {}", schema["type"]));
    }
    let words = schema.get("const").map(std::slice::from_ref);
    let words = words.or_else(|| schema.get("enum").and_then(Value::as_array).map(Vec::as_slice));
    if words.is_some_and(|words| !words.contains(value)) {
        return Some(format!("{path}: {value} is none of the words"));
    }
    match value {
        Value::Object(fields) => {
            let known = schema.get("properties").and_then(Value::as_object);
            let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
            fields.iter().find_map(|(name, value)| {
                let path = format!("{path}.{name}");
                match known.and_then(|known| known.get(name)) {
                    Some(schema) => stray(schema, root, value, &path),
                    None if closed => Some(path),
                    None => stray(schema.get("additionalProperties")?, root, value, &path),
                }
            })
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(i, item)| stray(schema.get("items")?, root, item, &format!("{path}[{i}]"))),
        _ => None,
    }
}

/// Every file of an exercise, and the design beside them.
#[test]
fn the_exercises_fit_their_schema() {
    let [task, reference, design]: [Value; 3] =
        [exercise(), reference(), design()].map(|text| serde_json::from_str(&text).expect("JSON"));
    let read = |path: &std::path::Path| {
        let text = std::fs::read_to_string(path).expect("it is there");
        toml::from_str::<Value>(&text).expect("TOML")
    };
    let list = |folder: &str| -> Vec<std::path::PathBuf> {
        let found = std::fs::read_dir(folder).into_iter().flatten();
        found.map(|entry| entry.expect("it can be read").path()).collect()
    };
    let mut references = 0;
    for place in list("lessons/designs") {
        let slug = place.display();
        if place.is_file() {
            assert_eq!(stray(&design, &design, &read(&place), ""), None, "{slug}");
            continue;
        }
        assert_eq!(stray(&task, &task, &read(&place.join("exercise.toml")), ""), None, "{slug}");
        for file in list(&format!("{slug}/accepted")).into_iter().chain(list(&format!("{slug}/wrong"))) {
            references += 1;
            assert_eq!(stray(&reference, &reference, &read(&file), ""), None, "{}", file.display());
        }
    }
    assert!(references >= 40, "eight exercises with five designs each: {references}");
    let wrong = |table: &str, schema: &Value| {
        let value = toml::from_str::<Value>(table).expect("TOML");
        stray(schema, schema, &value, "").expect("it is found")
    };
    assert_eq!(wrong("[stores.d]\nreplica = 2", &design), ".stores.d.replica");
    assert!(wrong("[balancers.b]\npolicy = \"rand\"", &design).contains("\"rand\" is none of the words"));
    assert_eq!(wrong("[about]\ntitel = \"x\"", &reference), ".about.titel");
    assert_eq!(wrong("[given.stores]\nreplicas = 3", &task), ".given.stores.replicas");
}

#[test]
fn the_lessons_fit_their_schema() {
    let schemas: [Value; 2] = [lesson(), solution()].map(|text| serde_json::from_str(&text).expect("JSON"));
    let read = |text: &str| toml::from_str::<Value>(text).expect("TOML");
    for (lesson, solution) in [
        (include_str!("../lessons/one-machine/lesson.toml"), include_str!("../lessons/one-machine/solution.toml")),
        (include_str!("../lessons/cap/lesson.toml"), include_str!("../lessons/cap/solution.toml")),
        (include_str!("../lessons/leader-dies/lesson.toml"), include_str!("../lessons/leader-dies/solution.toml")),
    ] {
        assert_eq!(stray(&schemas[0], &schemas[0], &read(lesson), ""), None);
        assert_eq!(stray(&schemas[1], &schemas[1], &read(solution), ""), None);
    }
    let wrong = include_str!("../lessons/one-machine/lesson.toml").replacen("minutes", "minuets", 1);
    assert_eq!(stray(&schemas[0], &schemas[0], &read(&wrong), "").as_deref(), Some(".minuets"));
    let wrong =
        include_str!("../lessons/one-machine/lesson.toml").replacen("event = \"complete\"", "event = \"finished\"", 1);
    let found = stray(&schemas[0], &schemas[0], &read(&wrong), "").expect("it is found");
    assert!(found.contains("\"finished\" is none of the words"), "{found}");
    assert!(schemas[0]["required"].as_array().expect("a list").contains(&Value::from("slug")));
}
