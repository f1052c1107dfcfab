//! Which of two files of the same picture a client gets.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use domain::image::Variant;
use domain::picture::Encoding;

use crate::images::VariantLink;

/// The variant that is handed out in place of `jpeg`: of the same picture, in the same size, as WebP, where that is shorter.
pub(super) fn twin<'a>(variants: &'a [VariantLink], jpeg: &Variant) -> Option<&'a VariantLink> {
    let stem = jpeg.name.strip_suffix(Encoding::Jpeg.extension())?;
    let webp = variants
        .iter()
        .find(|link| link.variant.name.strip_suffix(Encoding::Webp.extension()) == Some(stem));
    webp.filter(|link| link.variant.bytes < jpeg.bytes)
}

/// Whether the client says that it knows WebP, and does not like JPEG more. One that takes anything does not say so.
pub(super) fn takes_webp(request: &HeaderMap) -> bool {
    let webp = weight(request, "image/webp").unwrap_or(0.0);
    webp > 0.0 && webp >= weight(request, "image/jpeg").unwrap_or(0.0)
}

/// The weight that `Accept` gives to exactly this type, by RFC 9110, 12.4.2.
fn weight(request: &HeaderMap, media_type: &str) -> Option<f32> {
    let lists = request.get_all(ACCEPT).into_iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).find_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        parts.next().filter(|name| name.eq_ignore_ascii_case(media_type))?;
        let weight = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse().unwrap_or(0.0))
        });
        Some(weight.unwrap_or(1.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webp_is_for_those_who_name_it() {
        for (accept, expected) in [
            ("image/avif,image/webp,image/apng,image/*,*/*;q=0.8", true),
            ("IMAGE/WEBP ; Q=0.3", true),
            ("image/webp;q=0.8, image/jpeg;q=0.8", true),
            ("image/webp;q=0.7, image/jpeg", false),
            ("image/webp;q=0", false),
            ("image/webp;q=much", false),
            ("image/webpx, image/png", false),
            ("*/*", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().expect("it is a header"));
            assert_eq!(takes_webp(&headers), expected, "{accept}");
        }
        assert!(!takes_webp(&HeaderMap::new()));
    }
}
