//! A request on its way: to the server that it names, or through a gateway with the credential put in.

use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, Uri, Version};

use crate::body::RequestBody;
use crate::connection::{Connection, lock};
use crate::headers::{put_credential, remove_hop_by_hop};
use crate::mask::Mask;
use crate::record::{Entry, Failure};
use crate::refusal::Refusal;
use crate::upstream::{NotSent, Place, Problem, Upstream};

impl Connection {
    pub(crate) async fn through_gateway(
        &self,
        name: &str,
        mut head: Parts,
        body: Incoming,
        entry: &mut Entry,
    ) -> Result<(Response<Incoming>, Option<Mask>), Problem> {
        let gateway = self
            .session
            .gateways
            .get(name)
            .ok_or_else(|| Refusal::NoSuchGateway { name: name.to_owned() })?;
        let asked = head.uri.path_and_query().map_or("/", |asked| asked.as_str());
        // Without a path, an empty one or a query is all that there is.
        let slash = if asked.starts_with('/') { "" } else { "/" };
        head.uri = format!("{}{slash}{asked}", gateway.base)
            .parse()
            .map_err(|_| Refusal::GatewayMisused)?;
        remove_hop_by_hop(&mut head.headers);
        put_credential(&mut head.headers, &gateway.header, gateway.secret.header());
        let mask = Mask::of(&gateway.secret);
        let mut answer = self.forward(head, body, Place::Gateway(gateway.clone()), entry).await?;
        for value in answer.headers_mut().values_mut() {
            *value = HeaderValue::from_bytes(&mask.cover(value.as_bytes())).unwrap_or(HeaderValue::from_static(""));
        }
        Ok((answer, Some(mask)))
    }

    /// Sends a request on, on the kept connection if that leads to the same place and still can be used.
    pub(crate) async fn forward(
        &self,
        head: Parts,
        body: Incoming,
        place: Place,
        entry: &mut Entry,
    ) -> Result<Response<Incoming>, Problem> {
        let transfer = entry.transfer.clone();
        let idle_limit = self.session.options.idle_limit;
        let mut request = onward(head, RequestBody::new(body, transfer.clone()), &place);
        let kept = lock(&self.kept).take().filter(|kept| kept.place == place);
        if let Some(mut kept) = kept
            && kept.is_ready().await
        {
            entry.address = Some(kept.address);
            match kept.send(request, &transfer, idle_limit).await {
                Ok(answer) => return Ok(self.keep(kept, answer)),
                Err(NotSent::Failed(failure)) => return Err(failure.into()),
                // The server has ended it in the meantime.
                Err(NotSent::Unused(unused)) => request = *unused,
            }
        }
        let mut upstream = Upstream::connect(&self.session, place, &self.upstreams).await?;
        entry.address = Some(upstream.address);
        match upstream.send(request, &transfer, idle_limit).await {
            Ok(answer) => Ok(self.keep(upstream, answer)),
            Err(NotSent::Failed(failure)) => Err(failure.into()),
            Err(NotSent::Unused(_)) => Err(Failure::Server.into()),
        }
    }

    fn keep(&self, upstream: Upstream, mut answer: Response<Incoming>) -> Response<Incoming> {
        *lock(&self.kept) = Some(upstream);
        remove_hop_by_hop(answer.headers_mut());
        *answer.version_mut() = Version::HTTP_11;
        answer
    }
}

/// A request as it goes to the server: with a path alone, and a `Host` that is where it goes.
fn onward(mut head: Parts, body: RequestBody, place: &Place) -> Request<RequestBody> {
    let (host, port, usual) = match place {
        Place::Listed(host, port) => (host, *port, 80),
        Place::Gateway(gateway) => (&gateway.host, gateway.port, if gateway.tls { 443 } else { 80 }),
    };
    let host = if port == usual {
        host.to_string()
    } else {
        format!("{host}:{port}")
    };
    remove_hop_by_hop(&mut head.headers);
    // The body knows its length. What the client said about it must not be able to differ.
    head.headers.remove(CONTENT_LENGTH);
    head.headers.insert(
        HOST,
        HeaderValue::from_str(&host).unwrap_or(HeaderValue::from_static("")),
    );
    let asked = head.uri.path_and_query().map_or("/", |asked| asked.as_str());
    let slash = if asked.starts_with('/') { "" } else { "/" };
    head.uri = format!("{slash}{asked}").parse().unwrap_or(Uri::from_static("/"));
    head.version = Version::HTTP_11;
    head.extensions.clear();
    Request::from_parts(head, body)
}
