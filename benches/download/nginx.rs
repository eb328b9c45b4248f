//! A static file server as people run it.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// A running nginx; dropping it ends it.
pub(crate) struct Nginx {
    process: Child,
    port: u16,
}

impl Nginx {
    /// Serves `root` on a free loopback port, with what nginx itself needs to write below `work`.
    pub(crate) fn start(work: &Path, root: &Path) -> Self {
        // Nginx cannot say which free port it took, so one is looked for here and let go of again.
        let port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).expect("a free port").port();
        let (work, root) = (work.display(), root.display());
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {work}/nginx-{kind};\n"))
            .concat();
        // One process, so that ending it leaves nothing behind, and as this user, so that it may read the files.
        let config = format!(
            "daemon off;\nmaster_process off;\npid {work}/nginx.pid;\nerror_log {work}/nginx.log;\n\
             events {{ worker_connections 256; }}\n\
             http {{\naccess_log off;\nsendfile on;\ntypes {{ image/gif gif; }}\n{temporary}\
             server {{ listen 127.0.0.1:{port}; root {root}; }}\n}}\n"
        );
        let file = format!("{work}/nginx.conf");
        fs::write(&file, config).expect("the configuration is written");
        let mut command = Command::new("nginx");
        let log = format!("{work}/nginx.log");
        command.args(["-e", &log, "-c", &file]).stdin(Stdio::null());
        let process = command.spawn().expect("nginx starts; Debian's package is called nginx");
        let mut server = Self { process, port };
        for _ in 0..200 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return server;
            }
            let ended = server.process.try_wait().expect("the state of a child");
            assert!(ended.is_none(), "nginx ended: {}", fs::read_to_string(&log).unwrap_or_default());
            thread::sleep(Duration::from_millis(50));
        }
        panic!("nginx does not listen on port {port} after 10 seconds");
    }

    /// `http://127.0.0.1:port`
    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
