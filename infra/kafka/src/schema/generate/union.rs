//! Choices: words, tagged unions, and whatever may be absent.

use serde_json::{Value, json};

use super::{Generator, Made, SchemaError, UNRECOGNISED, describe};
use crate::schema::names::pascal_case;

impl Generator {
    /// `oneOf` and `anyOf`: words become one enum, and everything else a branch of its own.
    pub(super) fn union(&mut self, branches: &Value, schema: &Value, name: &str) -> Made {
        let branches = branches.as_array().map(Vec::as_slice).unwrap_or_default();
        if schema.get("properties").is_some() {
            return self.unsupported("a union with properties of its own");
        }
        let (words, others): (Vec<_>, Vec<_>) = branches.iter().partition(|branch| is_word(branch));
        let words: Vec<_> = words.iter().flat_map(|branch| words_of(branch)).collect();
        if others.is_empty() {
            return self.enumeration(&words, schema, name);
        }
        let mut kinds = Vec::new();
        if !words.is_empty() {
            kinds.push(self.enumeration(&words, schema, &format!("{name}Word"))?);
        }
        for branch in others {
            let branch_name = self.branch_name(branch, name)?;
            kinds.push(self.at(&branch_name, |this| this.type_of(branch, &branch_name))?);
        }
        Ok(flat(kinds))
    }

    /// `enum`, of which `null` may be one.
    pub(super) fn words(&mut self, words: &Value, schema: &Value, name: &str) -> Made {
        let words: Vec<_> = words.as_array().into_iter().flatten().collect();
        let (nulls, words): (Vec<_>, Vec<_>) = words.into_iter().partition(|word| word.is_null());
        let kind = self.enumeration(&words, schema, name)?;
        Ok(if nulls.is_empty() { kind } else { with_null(kind) })
    }

    /// A word that marks a branch of a tagged union: it is always the same, so that nothing else could stand for it.
    pub(super) fn tag(&mut self, word: &Value, name: &str) -> Made {
        let symbol = self.symbol(word)?;
        let branch = self.at.iter().rev().nth(1).cloned().unwrap_or_default();
        let name = format!("{}{name}", pascal_case(&branch));
        let Some(full_name) = self.define(&name) else { return Ok(json!(self.full_name(&name))) };
        Ok(json!({ "type": "enum", "name": full_name, "symbols": [symbol] }))
    }

    /// An enum that may grow: a reader that does not know a word yet sees [`UNRECOGNISED`] in its place.
    fn enumeration(&mut self, words: &[&Value], schema: &Value, name: &str) -> Made {
        let mut symbols =
            words.iter().map(|word| self.symbol(word)).collect::<Result<Vec<_>, _>>()?;
        if symbols.is_empty() || symbols.iter().any(|symbol| symbol == UNRECOGNISED) {
            return self
                .unsupported("an enum without words, or with the one that is kept for strangers");
        }
        symbols.push(UNRECOGNISED.to_owned());
        let Some(full_name) = self.define(name) else { return Ok(json!(self.full_name(name))) };
        let mut avro = json!({ "type": "enum", "name": full_name, "symbols": symbols, "default": UNRECOGNISED });
        describe(&mut avro, schema);
        Ok(avro)
    }

    fn symbol(&self, word: &Value) -> Result<String, SchemaError> {
        word.as_str().map_or_else(
            || self.unsupported("an enum of other things than words"),
            |word| Ok(word.to_owned()),
        )
    }

    /// After what it refers to, after its tag, or after its only property.
    fn branch_name(&self, branch: &Value, name: &str) -> Result<String, SchemaError> {
        if branch["type"] != "object" {
            return Ok(name.to_owned());
        }
        let properties = branch["properties"].as_object();
        let tag =
            properties.and_then(|all| all.values().find_map(|property| property["const"].as_str()));
        let only = properties.filter(|all| all.len() == 1).and_then(|all| all.keys().next());
        match tag.or_else(|| only.map(String::as_str)) {
            Some(tag) => Ok(format!("{name}{}", pascal_case(tag))),
            None => self.unsupported("a union whose branches have no names"),
        }
    }
}

/// A string constant, or an `enum` of strings only.
fn is_word(branch: &Value) -> bool {
    branch["const"].is_string() || branch.get("enum").is_some()
}

fn words_of(branch: &Value) -> Vec<&Value> {
    branch.get("const").map_or_else(
        || branch["enum"].as_array().into_iter().flatten().collect(),
        |word| vec![word],
    )
}

/// Null comes first, since a field's default must fit the first branch.
pub(super) fn with_null(kind: Value) -> Value {
    flat(vec![json!("null"), kind])
}

/// Avro has no unions within unions.
fn flat(kinds: Vec<Value>) -> Value {
    let each = |kind: Value| if let Value::Array(inner) = kind { inner } else { vec![kind] };
    let mut branches: Vec<_> = Vec::new();
    for branch in kinds.into_iter().flat_map(each) {
        if branch == "null" {
            branches.retain(|known| known != "null");
            branches.insert(0, branch);
        } else {
            branches.push(branch);
        }
    }
    Value::Array(branches)
}
