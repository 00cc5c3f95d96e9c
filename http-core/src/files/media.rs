//! The media type of a file, by its extension.

use std::path::Path;

use mime_guess::MimeGuess;

/// The value of Content-Type: with the charset for text, and
/// `application/octet-stream` for what is not known.
pub(super) fn content_type(path: &Path) -> String {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let guess = match extension {
        // Where two things share an extension, a web server has the younger one.
        Some("mjs" | "cjs") => return "text/javascript; charset=utf-8".into(),
        Some("ts" | "tsx" | "mts") => return "text/plain; charset=utf-8".into(),
        Some(extension) => MimeGuess::from_ext(extension).first_raw(),
        None => None,
    };
    match guess {
        // Text without a charset is what a browser has to guess.
        Some(text) if text.starts_with("text/") => format!("{text}; charset=utf-8"),
        Some(other) => other.to_owned(),
        None => "application/octet-stream".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_have_types() {
        for (name, expected) in [
            ("a.html", "text/html; charset=utf-8"),
            ("a.HTM", "text/html; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.ts", "text/plain; charset=utf-8"),
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.md", "text/markdown; charset=utf-8"),
            ("a.csv", "text/csv; charset=utf-8"),
            ("a.xml", "text/xml; charset=utf-8"),
            ("a.json", "application/json"),
            ("a.webmanifest", "application/manifest+json"),
            ("a.wasm", "application/wasm"),
            ("a.svg", "image/svg+xml"),
            ("a.png", "image/png"),
            ("a.jpeg", "image/jpeg"),
            ("a.webp", "image/webp"),
            ("a.avif", "image/avif"),
            ("a.ico", "image/x-icon"),
            ("a.woff2", "font/woff2"),
            ("a.mp4", "video/mp4"),
            ("a.mp3", "audio/mpeg"),
            ("a.pdf", "application/pdf"),
            ("a.zip", "application/zip"),
            ("a.tar.gz", "application/gzip"),
            ("a.unknown", "application/octet-stream"),
            ("LICENSE", "application/octet-stream"),
            (".html", "application/octet-stream"),
        ] {
            assert_eq!(content_type(Path::new(name)), expected, "{name}");
        }
    }
}
