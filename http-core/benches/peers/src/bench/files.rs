//! The files of the scenarios `file-…`, and whether a server sends them whole.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::client::{Client, get};
use crate::process::Server;

/// The name of the file of so many bytes.
pub fn name(bytes: usize) -> String {
    format!("{bytes}.bin")
}

/// A folder with the files of these sizes, in `scratch`.
pub fn make(scratch: &Path, sizes: impl Iterator<Item = usize>) -> Result<PathBuf, String> {
    static MADE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let make = || {
        let folder = scratch.join("files");
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        for bytes in sizes {
            let path = folder.join(name(bytes));
            fs::write(&path, content(bytes)).map_err(|e| format!("{}: {e}", path.display()))?;
        }
        Ok(folder)
    };
    MADE.get_or_init(make).clone()
}

/// Bytes in which a lost or doubled piece shows.
fn content(bytes: usize) -> Vec<u8> {
    (0..bytes)
        .map(|n| (n ^ (n >> 8) ^ (n >> 16)) as u8)
        .collect()
}

/// Asks for the file twice on one connection, where the server keeps it.
pub fn check(server: &Server, bytes: usize) -> Result<(), String> {
    let mut client = Client::connect(server.address)?;
    for _ in 0..2 {
        let reply = client.ask(&get(&format!("/{}", name(bytes))))?;
        if reply.status != 200 || reply.body != content(bytes) {
            return Err(format!(
                "answers wrongly: {} with {} bytes",
                reply.status,
                reply.body.len()
            ));
        }
        if reply.is_last {
            client = Client::connect(server.address)?;
        }
    }
    Ok(())
}
