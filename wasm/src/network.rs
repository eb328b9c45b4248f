//! `network`: which addresses a guest may connect to.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::Url;
use serde::Deserialize;
use tokio::net::lookup_host;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::sockets::SocketAddrUse;

/// `"all"`, or a list of `"host:port"`; nothing where it is left out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Text")]
pub(super) enum Network {
    /// TCP connections to these. With names among them, any name may be looked up.
    Peers(Arc<[Peer]>),
    /// TCP and UDP with any address, listening too, and any name may be looked up.
    All,
}

/// Who may be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    /// A name or an address.
    host: Box<str>,
    port: u16,
}

impl Default for Network {
    fn default() -> Self {
        Self::Peers(Arc::default())
    }
}

impl Network {
    pub(super) fn grant(&self, wasi: &mut WasiCtxBuilder) {
        match self {
            Self::Peers(peers) => {
                wasi.allow_tcp(!peers.is_empty()).allow_udp(false);
                wasi.allow_ip_name_lookup(peers.iter().any(Peer::is_name));
                let peers = Arc::clone(peers);
                wasi.socket_addr_check(move |address, to| {
                    let peers = Arc::clone(&peers);
                    Box::pin(async move { may(&peers, address, to).await })
                });
            }
            Self::All => {
                wasi.inherit_network().allow_tcp(true).allow_udp(true).allow_ip_name_lookup(true);
            }
        }
    }

    /// Whether an HTTP request may be sent to the host and port of `url`. They have to be those of a peer as it is spelled: a proxy
    /// of this machine may be between, so that who has which address is not known here.
    pub(super) fn grants(&self, url: &Url) -> bool {
        match self {
            Self::Peers(peers) => peers.iter().any(|peer| peer.is_of(url)),
            Self::All => true,
        }
    }
}

async fn may(peers: &[Peer], address: SocketAddr, to: SocketAddrUse) -> bool {
    match to {
        SocketAddrUse::TcpConnect => {
            for peer in peers {
                if peer.is_at(address).await {
                    return true;
                }
            }
            false
        }
        // A connection starts at an address that the system chooses.
        SocketAddrUse::TcpBind => address.ip().is_unspecified() && address.port() == 0,
        _ => false,
    }
}

impl Peer {
    fn is_name(&self) -> bool {
        self.host.parse::<IpAddr>().is_err()
    }

    fn is_of(&self, url: &Url) -> bool {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.to_string() };
        // Names are written in more than one way, such as in capitals; here they are what they are in URLs.
        let peer = Url::parse(&format!("http://{host}"));
        url.port_or_known_default() == Some(self.port) && peer.is_ok_and(|peer| host_of(&peer) == host_of(url))
    }

    /// Asks for the addresses of a name each time: they change.
    async fn is_at(&self, address: SocketAddr) -> bool {
        let same = |ip: IpAddr| ip.to_canonical() == address.ip().to_canonical();
        if self.port != address.port() {
            return false;
        }
        match self.host.parse() {
            Ok(ip) => same(ip),
            Err(_) => match lookup_host((&*self.host, self.port)).await {
                Ok(mut found) => found.any(|found| same(found.ip())),
                Err(_) => false,
            },
        }
    }
}

/// The address, or else the name.
fn host_of(url: &Url) -> Result<IpAddr, &str> {
    let host = url.host_str().unwrap_or_default();
    host.trim_matches(['[', ']']).parse().map(|ip: IpAddr| ip.to_canonical()).map_err(|_| host)
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected \"all\" or a list such as [\"db.example.org:5432\"]")]
enum Text {
    Word(String),
    Peers(Vec<String>),
}

/// What a route says of the network grants nothing.
#[derive(Debug, thiserror::Error)]
enum NetworkError {
    #[error("unknown network {0:?}; allowed: \"all\" or a list such as [\"db.example.org:5432\"]")]
    Unknown(String),
    #[error("{0:?} is no \"host:port\", such as \"db.example.org:5432\" or \"[::1]:80\"")]
    Peer(String),
}

impl TryFrom<Text> for Network {
    type Error = NetworkError;

    fn try_from(text: Text) -> Result<Self, NetworkError> {
        match text {
            Text::Word(word) if word == "all" => Ok(Self::All),
            Text::Word(word) => Err(NetworkError::Unknown(word)),
            Text::Peers(peers) => {
                Ok(Self::Peers(peers.iter().map(|peer| Peer::parse(peer)).collect::<Result<_, _>>()?))
            }
        }
    }
}

impl Peer {
    fn parse(text: &str) -> Result<Self, NetworkError> {
        let parts = text.rsplit_once(':').and_then(|(host, port)| {
            let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            let port = port.parse().ok().filter(|port| *port != 0)?;
            // A scheme or a path shows that somebody means a URL.
            (!host.is_empty() && !host.contains('/')).then_some(Self { host: host.into(), port })
        });
        parts.ok_or_else(|| NetworkError::Peer(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Network, String> {
        #[derive(Debug, Deserialize)]
        struct Settings {
            network: Network,
        }
        let read = toml::from_str::<Settings>(&format!("network = {text}"));
        read.map(|settings| settings.network).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn peers_are_host_and_port() {
        let peer = |host: &str, port| Peer { host: host.into(), port };
        let expected = [peer("db", 5432), peer("::1", 80), peer("10.0.0.1", 1)];
        assert_eq!(read("['db:5432', '[::1]:80', '10.0.0.1:1']"), Ok(Network::Peers(expected.into())));
        assert_eq!(read("'all'"), Ok(Network::All));
        assert_eq!(read("[]"), Ok(Network::default()));
    }

    #[test]
    fn what_is_no_peer_is_refused() {
        for text in ["db", "db:", ":80", "db:0", "db:70000", "http://db:80", "db:80/a", "db:http"] {
            let expected = format!(r#"{text:?} is no "host:port", such as "db.example.org:5432" or "[::1]:80""#);
            assert_eq!(read(&format!("['{text}']")), Err(expected));
        }
        let allowed = r#"allowed: "all" or a list such as ["db.example.org:5432"]"#;
        assert_eq!(read("'some'"), Err(format!(r#"unknown network "some"; {allowed}"#)));
        assert_eq!(read("true"), Err(r#"expected "all" or a list such as ["db.example.org:5432"]"#.to_owned()));
    }

    #[test]
    fn only_requests_to_the_peers_are_granted() {
        let peers = "['Example.org:443', 'bücher.example:80', '127.0.0.1:81', '[::1]:82']";
        for (network, url, granted) in [
            (peers, "https://example.org/a?b", true),
            (peers, "https://EXAMPLE.ORG:443/", true),
            (peers, "http://example.org:443/", true),
            (peers, "http://xn--bcher-kva.example/", true),
            (peers, "http://127.0.0.1:81/", true),
            (peers, "http://127.1:81/", true),
            (peers, "http://[::ffff:127.0.0.1]:81/", true),
            (peers, "http://[::1]:82/", true),
            (peers, "http://example.org/", false),
            (peers, "https://www.example.org/", false),
            (peers, "https://example.org.other.org/", false),
            (peers, "https://example.org@other.org/", false),
            (peers, "http://localhost:81/", false),
            (peers, "http://127.0.0.1/", false),
            (peers, "https://[::1]/", false),
            ("[]", "https://example.org/", false),
            ("'all'", "https://example.org/", true),
        ] {
            assert_eq!(read(network).unwrap().grants(&Url::parse(url).unwrap()), granted, "{network} {url}");
        }
    }

    #[tokio::test]
    async fn only_connections_to_the_peers_are_granted() {
        use SocketAddrUse::{TcpAccept, TcpBind, TcpConnect, TcpListen, UdpBind, UdpSend};
        let Ok(Network::Peers(peers)) = read("['127.0.0.1:80', 'localhost:81', '[::1]:82']") else { panic!() };
        for (address, to, granted) in [
            ("127.0.0.1:80", TcpConnect, true),
            ("[::ffff:127.0.0.1]:80", TcpConnect, true),
            ("127.0.0.1:81", TcpConnect, true),
            ("[::1]:82", TcpConnect, true),
            ("127.0.0.1:82", TcpConnect, false),
            ("127.0.0.2:80", TcpConnect, false),
            ("127.0.0.1:443", TcpConnect, false),
            ("0.0.0.0:0", TcpBind, true),
            ("[::]:0", TcpBind, true),
            ("0.0.0.0:80", TcpBind, false),
            ("127.0.0.1:80", TcpBind, false),
            ("127.0.0.1:80", TcpListen, false),
            ("0.0.0.0:0", TcpListen, false),
            ("127.0.0.1:80", TcpAccept, false),
            ("127.0.0.1:80", UdpSend, false),
            ("0.0.0.0:0", UdpBind, false),
        ] {
            assert_eq!(may(&peers, address.parse().unwrap(), to).await, granted, "{address} {to:?}");
        }
    }
}
