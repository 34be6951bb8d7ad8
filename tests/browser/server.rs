//! A static file server on loopback: serves `dist` as any static host would, at `/` and in the subfolder `/a/b/`, and
//! writes down what was asked for.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// The subfolder that the same files are served in.
pub const SUBFOLDER: &str = "/a/b/";

pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    dist: PathBuf,
    /// Requests for a path with this ending get another file, or a 404: to see what the page does then.
    other: Option<(String, Option<String>)>,
    asked: Mutex<Vec<String>>,
    /// Nobody answers any more.
    down: AtomicBool,
    /// The build is called by another version than it has.
    updated: AtomicBool,
}

impl Server {
    /// Serves `dist/`, which has to be built.
    pub fn start() -> Server {
        Server::serve(None)
    }

    /// Serves `dist/` without the files whose name ends in `ending`.
    pub fn without(ending: &str) -> Server {
        Server::serve(Some((ending.to_owned(), None)))
    }

    /// Serves `dist/` with another text in the place of a file.
    pub fn with(ending: &str, text: &str) -> Server {
        Server::serve(Some((ending.to_owned(), Some(text.to_owned()))))
    }

    fn serve(other: Option<(String, Option<String>)>) -> Server {
        let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("dist");
        assert!(dist.join("index.html").is_file(), "The page is not built: run `make dist` first.");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound socket has an address");
        let state = Arc::new(State {
            dist,
            other,
            asked: Mutex::default(),
            down: AtomicBool::new(false),
            updated: AtomicBool::new(false),
        });
        let shared = state.clone();
        // Both kinds of thread end with the test process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                thread::spawn(move || state.answer(stream));
            }
        });
        Server { address, state }
    }

    /// The address of the page at the root.
    pub fn root(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The address of the page in the subfolder.
    pub fn subfolder(&self) -> String {
        format!("http://{}{SUBFOLDER}", self.address)
    }

    /// From now on no request is answered.
    pub fn stop(&self) {
        self.state.down.store(true, Ordering::Relaxed);
    }

    /// From now on there is a new version of the page.
    pub fn update(&self) {
        self.state.updated.store(true, Ordering::Relaxed);
    }

    /// Every path that the page asked for so far, in order, queries included; what its service worker keeps for later is not
    /// among them.
    pub fn asked(&self) -> Vec<String> {
        self.state.asked.lock().expect("no thread panics with the lock").clone()
    }
}

/// The name of the built file that begins and ends so; between them stands the build's hash.
pub fn built(start: &str, end: &str) -> String {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("dist");
    let files = fs::read_dir(&dist).expect("The page is not built: run `make dist` first.").flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    let found = names.filter(|name| name.starts_with(start) && name.ends_with(end)).min_by_key(String::len);
    found.unwrap_or_else(|| panic!("dist holds no {start}…{end}"))
}

impl State {
    fn answer(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let target = line.split(' ').nth(1)?.to_owned();
        let mut kept = false;
        while line.trim() != "" {
            line.clear();
            reader.read_line(&mut line).ok()?;
            kept |= line.to_ascii_lowercase().starts_with("referer:") && line.trim().ends_with("/sw.js");
        }
        if self.down.load(Ordering::Relaxed) {
            return None;
        }
        if !kept {
            self.asked.lock().ok()?.push(target.clone());
        }
        let (status, kind, body) = match self.file(&target) {
            Some((kind, body)) if target.ends_with("/sw.js") && self.updated.load(Ordering::Relaxed) => {
                let text = String::from_utf8_lossy(&body).replacen("const VERSION = \"", "const VERSION = \"new-", 1);
                ("200 OK", kind, text.into_bytes())
            }
            Some((kind, body)) => ("200 OK", kind, body),
            None => ("404 Not Found", "text/plain", b"not found".to_vec()),
        };
        let mut stream = stream;
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
             Cache-Control: max-age=600\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
        )
        .ok()?;
        stream.write_all(&body).ok()
    }

    fn file(&self, target: &str) -> Option<(&'static str, Vec<u8>)> {
        let path = target.split(['?', '#']).next()?;
        let path = path.strip_prefix(SUBFOLDER).or_else(|| path.strip_prefix('/'))?;
        if path.split('/').any(|part| part == "..") {
            return None;
        }
        let mut file = self.dist.join(path);
        if path.is_empty() || path.ends_with('/') {
            file.push("index.html");
        }
        let kind = match file.extension()?.to_str()? {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript",
            "css" => "text/css",
            "wasm" => "application/wasm",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "json" => "application/json",
            "webmanifest" => "application/manifest+json",
            "toml" | "md" | "txt" => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        };
        match &self.other {
            Some((end, text)) if path.ends_with(end) => Some((kind, text.clone()?.into_bytes())),
            _ => Some((kind, fs::read(file).ok()?)),
        }
    }
}
