//! A picture as whoever asked for it gets it.

use serde_json::Value;

use crate::common::client::Client;

/// The task is completed, and both of its pictures are there, whole, and as it says.
pub(crate) async fn assert_shown(api: &Client, task: &Value) {
    assert_eq!(task["state"], "completed", "{task}");
    let variants = task["variants"].as_array().map_or(&[][..], Vec::as_slice);
    assert_eq!(variants.len(), 2, "{task}");
    for variant in variants {
        let href = variant["href"].as_str().expect("a variant has an address");
        let shown = api.get(href).await.success();
        assert_eq!(Some(shown.body.len() as u64), variant["bytes"].as_u64(), "{variant}");
        let picture = image::load_from_memory(&shown.body).expect("a variant is a picture");
        let size = [Value::from(picture.width()), Value::from(picture.height())];
        assert_eq!(size, [variant["width"].clone(), variant["height"].clone()], "{variant}");
    }
}
