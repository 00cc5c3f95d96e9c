//! The command `http-core`: serves the files of a directory, as `python -m http.server`
//! does.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use http_core::{FileHandler, HttpServer, local_address};
use lexopt::{Arg, ValueExt};
use qrcodegen::{QrCode, QrCodeEcc};

const HELP: &str = "\
Serves the files of a directory over HTTP, for as long as it runs.

Usage: http-core [PORT] [OPTIONS]

  PORT                     where to listen (default: 8000, or the environment variable
                           PORT; 0 takes any free port)
  -b, --bind ADDRESS       the address to listen on (default: this machine only;
                           0.0.0.0 or :: for the whole network)
  -d, --directory DIR      the directory to serve (default: the present one)
  -p, --protocol VERSION   HTTP/1.1, which is spoken in any case
      --threads N          requests handled at once (default: one a processor)
      --index NAME         the file that stands for its directory; may be repeated
                           (default: index.html, index.htm)
      --no-index           always list a directory
      --no-listing         never list a directory
      --follow-links       also follow symbolic links that lead out of the directory
  -q, --quiet              no line for each request
  -h, --help               print this
  -V, --version            print the version

Everybody who can reach the address can read all files of the directory.
";

/// What was typed.
#[derive(Debug, PartialEq)]
struct Options {
    port: Option<u16>,
    bind: Option<String>,
    directory: PathBuf,
    threads: Option<usize>,
    index: Option<Vec<String>>,
    listing: bool,
    follow_links: bool,
    quiet: bool,
}

/// What to do.
#[derive(Debug, PartialEq)]
enum Command {
    Serve(Options),
    Print(String),
}

fn main() -> ExitCode {
    let options = match read(lexopt::Parser::from_env()) {
        Ok(Command::Serve(options)) => options,
        Ok(Command::Print(text)) => {
            say(&text);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("Error: {error}\nFor all there is to type: http-core --help");
            return ExitCode::from(2);
        }
    };
    match serve(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Reads the command line.
fn read(mut arguments: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut options = Options {
        port: None,
        bind: None,
        directory: ".".into(),
        threads: None,
        index: None,
        listing: true,
        follow_links: false,
        quiet: false,
    };
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Value(value) if options.port.is_none() => {
                let port = value.parse::<u16>();
                options.port = Some(port.map_err(|_| {
                    format!("{value:?} is no port: a port is a number from 0 to 65535")
                })?);
            }
            Arg::Short('b') | Arg::Long("bind") => {
                options.bind = Some(arguments.value()?.string()?);
            }
            Arg::Short('d') | Arg::Long("directory") => {
                options.directory = arguments.value()?.into();
            }
            Arg::Short('p') | Arg::Long("protocol") => {
                let version = arguments.value()?.string()?;
                match &version[..] {
                    "HTTP/1.1" => {}
                    "HTTP/1.0" => eprintln!(
                        "HTTP/1.0 is for clients to choose: who asks in it is answered in its way."
                    ),
                    _ => {
                        return Err(format!("{version:?} is not spoken here, only HTTP/1.1").into());
                    }
                }
            }
            Arg::Long("threads") => options.threads = Some(arguments.value()?.parse()?),
            Arg::Long("index") => {
                let name = arguments.value()?.string()?;
                if name.contains(['/', '\\']) {
                    return Err(format!("{name:?} is no name of a file: it has a slash").into());
                }
                options.index.get_or_insert_default().push(name);
            }
            Arg::Long("no-index") => options.index = Some(Vec::new()),
            Arg::Long("no-listing") => options.listing = false,
            Arg::Long("follow-links") => options.follow_links = true,
            Arg::Short('q') | Arg::Long("quiet") => options.quiet = true,
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Print(HELP.into())),
            Arg::Short('V') | Arg::Long("version") => {
                return Ok(Command::Print(format!(
                    "http-core {}\n",
                    env!("CARGO_PKG_VERSION")
                )));
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Serve(options))
}

fn serve(options: Options) -> http_core::Result<()> {
    let mut files = FileHandler::new(options.directory)?
        .listing(options.listing)
        .follow_links(options.follow_links);
    if let Some(index) = options.index {
        files = files.index(index);
    }
    let addresses = addresses(options.port, options.bind.as_deref())?;
    let threads = options
        .threads
        .or_else(|| thread::available_parallelism().ok().map(Into::into));
    let server = match HttpServer::bind(&addresses[..]) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            return Err(io::Error::new(error.kind(), port_taken(addresses[0].port())).into());
        }
        outcome => outcome?
            .threads(threads.unwrap_or(2))
            .access_log(!options.quiet),
    };
    tell_the_network(server.local_addresses());
    server.serve_forever(files)
}

/// Where to listen: on this machine only, unless told otherwise.
fn addresses(port: Option<u16>, bind: Option<&str>) -> http_core::Result<Vec<SocketAddr>> {
    let local: Vec<SocketAddr> = match port {
        Some(port) => [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
            .map(|ip: IpAddr| (ip, port).into())
            .to_vec(),
        // The port may come from the environment.
        None => local_address().to_socket_addrs()?.collect(),
    };
    // It means both addresses, whatever a hosts file makes of it (RFC 6761, section 6.3).
    let host = bind.unwrap_or("localhost");
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(local);
    }
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match (host, local[0].port()).to_socket_addrs() {
        Ok(found) => Ok(found.collect()),
        Err(error) => {
            let message = format!(
                "{host} is neither an address nor a name that is known here ({error}).\n\
                 Name an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them."
            );
            Err(io::Error::new(error.kind(), message).into())
        }
    }
}

fn port_taken(port: u16) -> String {
    let other = port.checked_add(1).unwrap_or(8000);
    let paused = if cfg!(unix) {
        " (If you pressed Ctrl-Z, it is only paused and keeps its port: type fg first.)"
    } else {
        ""
    };
    format!(
        "port {port} is already in use: another program listens on it, perhaps this one in \
         another terminal.\nStop that program with Ctrl-C.{paused}\nOr choose another port: \
         http-core {other}"
    )
}

/// Writes to standard output. That nobody reads it must not stop the server.
fn say(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

/// Says under which addresses other devices find the server, if they can.
fn tell_the_network(bound: &[SocketAddr]) {
    let urls: Vec<String> = reachable(bound)
        .iter()
        .map(|a| format!("http://{a}/"))
        .collect();
    let Some(first) = urls.first() else {
        return;
    };
    say("Other devices on the network find it at:\n");
    urls.iter().for_each(|url| say(&format!("    {url}\n")));
    if io::stdout().is_terminal()
        && is_in_colour()
        && let Ok(code) = QrCode::encode_text(first, QrCodeEcc::Low)
    {
        say(&format!("\n{}\n", blocks(&code)));
    }
}

/// Whether a terminal has colours, rather than showing the characters of which they are made.
#[cfg(unix)]
fn is_in_colour() -> bool {
    std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

/// The consoles of old have to be asked for it, and those of before Windows 10 refuse.
#[cfg(windows)]
fn is_in_colour() -> bool {
    use winapi_util::console::Console;
    Console::stdout().is_ok_and(|mut console| console.set_virtual_terminal_processing(true).is_ok())
}

/// The addresses of this machine that others can know, for what the server is bound
/// to: those of all its network interfaces where it is bound to all.
fn reachable(bound: &[SocketAddr]) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    for address in bound {
        if !address.ip().is_unspecified() {
            found.push(*address);
            continue;
        }
        // `::` takes in IPv4, too, on the systems that know it.
        let takes = |ip: &IpAddr| ip.is_ipv4() || address.is_ipv6();
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let ips = interfaces.iter().map(|interface| interface.ip());
        let with_port = |ip| SocketAddr::new(ip, address.port());
        found.extend(ips.filter(takes).map(with_port));
    }
    found.retain(|address| match address.ip() {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        // Link-local ones need the name of an interface, which no browser takes.
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local(),
    });
    // A phone knows IPv4 in any network.
    found.sort_by_key(SocketAddr::is_ipv6);
    found.dedup();
    found
}

/// White on black: two of the 256 colours that no theme changes, as it may the first
/// 16 of them.
const COLOURS: &str = "\x1b[38;5;231;48;5;16m";

/// The code in a terminal: two rows of it to a line, light around dark in any theme.
fn blocks(code: &QrCode) -> String {
    // The margin that cameras look for (ISO/IEC 18004), where the terminal is dark.
    const QUIET: i32 = 4;
    let size = code.size();
    let mut text = String::new();
    for y in (-QUIET..size + QUIET).step_by(2) {
        text.push_str("    ");
        text.push_str(COLOURS);
        for x in -QUIET..size + QUIET {
            // White is what is drawn: the paper, not the ink.
            text.push(match (code.get_module(x, y), code.get_module(x, y + 1)) {
                (false, false) => '█',
                (false, true) => '▀',
                (true, false) => '▄',
                (true, true) => ' ',
            });
        }
        text.push_str("\x1b[0m\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Options {
        match read(lexopt::Parser::from_iter(
            format!("http-core {line}").split_whitespace(),
        )) {
            Ok(Command::Serve(options)) => options,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn it_is_typed_like_pythons() {
        let none = options("");
        assert_eq!(
            (none.port, &none.bind, none.directory),
            (None, &None, ".".into())
        );
        for line in [
            "9000 --bind 127.0.0.1 --directory public",
            "-b 127.0.0.1 -d public 9000",
            "--directory=public -p HTTP/1.1 --bind=127.0.0.1 9000",
            "-bdoes.not.count -b127.0.0.1 -dpublic 9000",
        ] {
            let typed = options(line);
            assert_eq!(typed.port, Some(9000), "{line}");
            assert_eq!(typed.bind.as_deref(), Some("127.0.0.1"), "{line}");
            assert_eq!(typed.directory, PathBuf::from("public"), "{line}");
        }
        let more = options("--threads 3 --index a --index b --no-listing --follow-links -q");
        assert_eq!(more.threads, Some(3));
        assert_eq!(more.index, Some(vec!["a".into(), "b".into()]));
        assert!(!more.listing && more.follow_links && more.quiet);
        assert_eq!(options("--no-index").index, Some(vec![]));
    }

    #[test]
    fn localhost_is_both_addresses() {
        let both = addresses(Some(8001), None).unwrap();
        assert_eq!(both.len(), 2);
        for name in ["localhost", "LocalHost"] {
            assert_eq!(addresses(Some(8001), Some(name)).unwrap(), both);
        }
        let one = addresses(Some(8001), Some("[::1]")).unwrap();
        assert_eq!(one, both[1..]);
    }

    #[test]
    fn what_it_does_not_know_it_says() {
        for (line, said) in [
            ("http", "\"http\" is no port"),
            ("65536", "a number from 0 to 65535"),
            ("80 90", "unexpected argument \"90\""),
            ("--cgi", "invalid option '--cgi'"),
            ("-p HTTP/2", "\"HTTP/2\" is not spoken here"),
            ("--index ../x", "it has a slash"),
            ("--threads many", "many"),
            ("-b", "missing argument"),
        ] {
            let arguments = format!("http-core {line}");
            let error = read(lexopt::Parser::from_iter(arguments.split_whitespace())).unwrap_err();
            assert!(error.to_string().contains(said), "{line}: {error}");
        }
    }

    #[test]
    fn other_devices_are_told_what_they_can_reach() {
        let bound = |text: &str| vec![text.parse::<SocketAddr>().unwrap()];
        assert_eq!(reachable(&bound("127.0.0.1:8000")), []);
        assert_eq!(reachable(&bound("[::1]:8000")), []);
        assert_eq!(reachable(&bound("192.0.2.1:8000")), bound("192.0.2.1:8000"));
        for address in reachable(&bound("0.0.0.0:8000")) {
            assert!(address.is_ipv4() && address.port() == 8000, "{address}");
        }
    }

    /// What a camera sees: the code, white around it, and nothing of the theme.
    #[test]
    fn the_code_stands_on_white() {
        let code = QrCode::encode_text("http://192.0.2.1:8000/", QrCodeEcc::Low).unwrap();
        let text = blocks(&code);
        let mut rows: Vec<Vec<bool>> = Vec::new();
        for line in text.lines() {
            let cells = line
                .strip_prefix("    \x1b[38;5;231;48;5;16m")
                .and_then(|rest| rest.strip_suffix("\x1b[0m"))
                .expect("colours of its own");
            let black = |blacks: [char; 2]| cells.chars().map(|c| blacks.contains(&c)).collect();
            rows.push(black([' ', '▄']));
            rows.push(black([' ', '▀']));
        }
        let (margin, size) = (4, code.size());
        assert!(rows.len() as i32 >= size + 2 * margin);
        for (y, row) in (-margin..).zip(rows) {
            assert_eq!(row.len() as i32, size + 2 * margin);
            for (x, is_black) in (-margin..).zip(row) {
                assert_eq!(is_black, code.get_module(x, y), "{x} {y}");
            }
        }
    }
}
