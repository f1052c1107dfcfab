//! The routes, as they are described and as the code serves them.

use std::fs;
use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use crate::common::server::files_below;

/// One method of one path.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) operation: Value,
}

/// Where routers are put together.
const ROUTERS: [&str; 3] = ["src/http", "commands/src/http", "projections/src"];
/// What precedes the path of a route.
const MARK: &str = ".route(";
/// What lies below neither takes a key nor is part of the API: the dashboard, and the description itself.
const NOT_THE_API: [&str; 4] = ["/ui", "/docs", "/openapi.json", "/asyncapi.json"];

/// All that the description names.
pub(crate) fn described(document: &Value) -> Vec<Route> {
    let paths = document["paths"].as_object().expect("the description has paths");
    let mut routes = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("a path has operations") {
            if let Some(method) = known(method) {
                routes.push(Route { method, path: path.clone(), operation: operation.clone() });
            }
        }
    }
    routes
}

fn known(method: &str) -> Option<Method> {
    let all = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    all.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(method))
}

impl Route {
    /// An address that fits the path, at which there is nothing.
    pub(crate) fn example(&self) -> String {
        let fill = |segment: &str| match segment {
            "{name}" | "{file}" => "nothing".to_owned(),
            segment if segment.starts_with('{') => uuid::Uuid::now_v7().to_string(),
            segment => segment.to_owned(),
        };
        self.path.split('/').map(fill).collect::<Vec<_>>().join("/")
    }
}

/// A path without the names of its parameters.
pub(crate) fn shape(path: &str) -> String {
    let blank = |segment: &str| match segment.starts_with('{') {
        true => "{}".to_owned(),
        false => segment.to_owned(),
    };
    path.split('/').map(blank).collect::<Vec<_>>().join("/")
}

/// The shape of every path that stands in the code as the path of a route.
pub(crate) fn served() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> =
        ROUTERS.iter().flat_map(|folder| files_below(&root.join(folder))).collect();
    files.push(root.join("commands/src/http.rs"));
    let code = files.iter().filter(|file| file.extension().is_some_and(|name| name == "rs"));
    let texts = code.map(|file| fs::read_to_string(file).expect("code can be read"));
    let paths: Vec<_> = texts.flat_map(|text| paths_in(&text)).collect();
    let is_api = |path: &String| {
        path.len() > 1 && !NOT_THE_API.iter().any(|folder| path.starts_with(folder))
    };
    paths.into_iter().filter(is_api).map(|path| shape(&path)).collect()
}

fn paths_in(code: &str) -> Vec<String> {
    let calls = code.split(MARK).skip(1);
    let literal =
        |call: &str| call.trim_start().strip_prefix('"')?.split('"').next().map(str::to_owned);
    calls.filter_map(literal).collect()
}
