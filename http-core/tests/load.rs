//! More clients than there is room for: they wait, and nobody is worse off.

mod common;

use std::thread;

use common::{Client, TestServer};
use http_core::{Limits, Request, Response};

#[test]
fn a_crowd_above_the_limit_is_served_in_turn() {
    let limits = Limits {
        connections: 8,
        ..Limits::default()
    };
    let server = TestServer::with(
        |server| server.limits(limits).threads(2),
        |request: &mut Request, response: Response| {
            response
                .send_response(200)
                .end_headers()?
                .send(request.path())
        },
    );
    let address = server.address;
    thread::scope(|scope| {
        for n in 0..100 {
            scope.spawn(move || {
                let mut client = Client::connect(address);
                client.send(format!(
                    "GET /{n} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
                ));
                assert_eq!(client.reply().text(), format!("/{n}"));
                client.ends();
            });
        }
    });
}

/// They wait in the system's queue, which is short if nobody asks for a longer one: the
/// others would try again a second later, and later.
#[cfg(target_os = "linux")]
#[test]
fn a_crowd_that_comes_at_once_finds_room_to_wait() {
    let longest = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    let crowd = 400.min(longest.trim().parse().unwrap());
    let server = http_core::HttpServer::bind("127.0.0.1:0").unwrap().quiet();
    let (address, stop) = (server.local_addresses()[0], server.stop_handle());
    // Nobody is let in yet.
    let mut clients: Vec<Client> = (0..crowd).map(|_| Client::connect(address)).collect();
    let serving = thread::spawn(|| {
        server.serve_forever(|_: &mut Request, r: Response| r.send_error(404, "Nothing here."))
    });
    for client in &mut clients {
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(client.reply().status, 404);
    }
    drop(clients);
    stop.stop();
    serving.join().unwrap().unwrap();
}

/// Without a free descriptor, asking for connections again and again would use a
/// whole core, and the clients that are in would feel it.
#[cfg(target_os = "linux")]
#[test]
fn out_of_descriptors_it_rests() {
    use common::program::{self, Program};
    use std::process::Command;
    use std::time::Duration;

    /// Processor time of the program so far, in hundredths of a second.
    fn ticks(program: &Program) -> u64 {
        let path = format!("/proc/{}/stat", program.child.id());
        let stat = std::fs::read_to_string(path).unwrap();
        // Behind the name in parentheses; `utime` and `stime` are the fields 14 and 15.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split(' ').collect();
        fields[12].parse::<u64>().unwrap() + fields[13].parse::<u64>().unwrap()
    }

    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -n 32 && exec \"$0\" 0"])
        .arg(program::path());
    let program = Program::start(&mut limited);
    let mut clients: Vec<Client> = (0..50).map(|_| program.connect()).collect();
    assert_eq!(clients[0].get("/"), "");
    let before = ticks(&program);
    clients[49].is_silent_for(Duration::from_millis(1000));
    let used = ticks(&program) - before;
    assert!(used < 20, "{used} of 100 hundredths of a second");
    assert_eq!(clients[0].get("/"), "");
    // The last one has its turn once the others are gone.
    let mut last = clients.pop().unwrap();
    drop(clients);
    assert_eq!(last.get("/"), "");
    assert!(program.kill().starts_with("New connections have to wait: "));
}
