//! The stylesheet, the module and the icon: part of the program, compressed once, named by their content so that a
//! browser may keep them for ever.

use std::io::Write;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::http::json::answer;
use crate::http::json::error::JsonError;
use crate::http::page::reply;

/// A year: the address changes with the content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// One file below `/static/`.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    plain: &'static [u8],
    gzipped: Vec<u8>,
    /// Path and version: what pages link to.
    href: String,
}

/// All files below `/static/`.
pub struct Assets {
    files: Vec<Asset>,
}

impl Default for Assets {
    fn default() -> Self {
        let files = vec![
            asset("derouter.css", "text/css; charset=utf-8", include_bytes!("../../../static/derouter.css")),
            asset("derouter.js", "text/javascript; charset=utf-8", include_bytes!("../../../static/derouter.js")),
            asset("icon.svg", "image/svg+xml", include_bytes!("../../../static/icon.svg")),
        ];
        Assets { files }
    }
}

impl Assets {
    /// Where a file is linked: `/static/derouter.css?v=1f3a…`.
    ///
    /// # Panics
    /// If the program has no such file.
    pub fn href(&self, name: &str) -> &str {
        &self.find(name).expect("a file of the program").href
    }

    fn find(&self, name: &str) -> Option<&Asset> {
        self.files.iter().find(|file| file.name == name)
    }
}

/// `GET /static/{name}`.
pub async fn serve(http: HttpRequest, name: Path<String>, assets: Data<Assets>) -> Result<HttpResponse, JsonError> {
    let file = assets.find(&name).ok_or_else(JsonError::not_found)?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static(file.media_type)))
        .insert_header((header::CACHE_CONTROL, FOR_EVER))
        .insert_header((header::VARY, "accept-encoding"))
        .insert_header(("cross-origin-resource-policy", "same-origin"))
        .insert_header(answer::TRANSPORT)
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if reply::takes_gzip(&http) {
        return Ok(response.insert_header((header::CONTENT_ENCODING, "gzip")).body(file.gzipped.clone()));
    }
    Ok(response.body(file.plain))
}

/// Compresses a text; `fast` for what is made at each request.
pub fn gzip(plain: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 3), level);
    encoder.write_all(plain).and_then(|()| encoder.finish()).expect("memory takes every byte")
}

fn asset(name: &'static str, media_type: &'static str, plain: &'static [u8]) -> Asset {
    let version = hex::encode(Sha256::digest(plain));
    let href = format!("/static/{name}?v={}", &version[..12]);
    Asset { name, media_type, plain, gzipped: gzip(plain, Compression::best()), href }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_paint_needs_little() {
        let assets = Assets::default();
        let compressed: usize = assets.files.iter().map(|file| file.gzipped.len()).sum();
        assert!(compressed < 20_000, "{compressed} bytes of style, module and icon");
        assert!(assets.href("derouter.css").starts_with("/static/derouter.css?v="));
    }
}
