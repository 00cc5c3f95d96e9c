//! Writes the cases of the table as files to start from: `seeds FOLDER`.

#[path = "../../tests/protocol/cases/mod.rs"]
#[allow(dead_code)]
mod cases;

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).expect("usage: seeds FOLDER"));
    for target in ["head", "chunks", "connection", "path"] {
        fs::create_dir_all(folder.join(target))?;
    }
    let cases = cases::all().into_iter().flat_map(|class| class.cases);
    for (n, case) in cases
        .enumerate()
        .filter(|(_, case)| case.input.len() < 3000)
    {
        let name = format!("case-{n:03}");
        let head_ends = case.input.windows(4).position(|w| w == b"\r\n\r\n");
        let body = head_ends.map_or(&case.input[..], |end| &case.input[end + 4..]);
        let target = case.input.split(|&b| b == b' ').nth(1).unwrap_or_default();
        fs::write(folder.join("head").join(&name), &case.input)?;
        fs::write(folder.join("connection").join(&name), &case.input)?;
        fs::write(folder.join("chunks").join(&name), body)?;
        fs::write(folder.join("path").join(&name), target)?;
    }
    Ok(())
}
