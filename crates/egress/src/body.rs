//! Bodies on their way: counted, bounded in time, and for gateways without the credential.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::mask::Mask;
use crate::meter::{Idle, Transfer};
use crate::record::{Entry, Failure};

/// The body of a request, on its way to the server.
pub(crate) struct RequestBody {
    inner: Incoming,
    transfer: Arc<Transfer>,
}

impl RequestBody {
    pub(crate) fn new(inner: Incoming, transfer: Arc<Transfer>) -> Self {
        Self { inner, transfer }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let Some(frame) = ready!(Pin::new(&mut self.inner).poll_frame(cx)) else {
            return Poll::Ready(None);
        };
        let frame = frame.map_err(|_| Failure::Client)?;
        if let Some(data) = frame.data_ref() {
            self.transfer.send(data.len())?;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The body of an answer, on its way to the sandbox. The request is recorded when it has passed.
pub(crate) struct AnswerBody {
    inner: Incoming,
    idle: Idle,
    mask: Option<Mask>,
    entry: Option<Entry>,
}

impl AnswerBody {
    pub(crate) fn new(inner: Incoming, entry: Entry, mask: Option<Mask>, idle_limit: Duration) -> Self {
        Self {
            inner,
            idle: Idle::new(entry.transfer.clone(), idle_limit),
            mask,
            entry: Some(entry),
        }
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        loop {
            let next = match Pin::new(&mut self.inner).poll_frame(cx) {
                Poll::Ready(next) => next,
                Poll::Pending => return self.idle.poll(cx).map(|why| Some(Err(why))),
            };
            let Some(frame) = next else {
                let rest = self.mask.as_mut().map(Mask::finish).filter(|rest| !rest.is_empty());
                return Poll::Ready(rest.map(|rest| Ok(Frame::data(rest))));
            };
            let frame = frame.map_err(|_| Failure::Server)?;
            if let (Some(data), Some(entry)) = (frame.data_ref(), &self.entry) {
                entry.transfer.receive(data.len())?;
            }
            match (&mut self.mask, frame.into_data()) {
                (None, Ok(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                (None, Err(trailers)) => return Poll::Ready(Some(Ok(trailers))),
                (Some(mask), Ok(data)) => {
                    let shown = mask.push(&data);
                    if !shown.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(shown))));
                    }
                }
                // Trailers could hold the credential, and no model sends any.
                (Some(_), Err(_)) => {}
            }
        }
    }

    fn held(&self) -> u64 {
        self.mask.as_ref().map_or(0, |mask| mask.held() as u64)
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let next = ready!(self.poll_data(cx));
        match &next {
            None => {
                if let Some(entry) = self.entry.take() {
                    entry.done();
                }
            }
            Some(Err(why)) => {
                if let Some(entry) = self.entry.take() {
                    entry.failed(why.clone());
                }
            }
            Some(Ok(_)) => {}
        }
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream() && self.held() == 0
    }

    fn size_hint(&self) -> SizeHint {
        let inner = self.inner.size_hint();
        let mut all = SizeHint::new();
        if let Some(upper) = inner.upper() {
            all.set_upper(upper + self.held());
        }
        all.set_lower(inner.lower() + self.held());
        all
    }
}

impl Drop for AnswerBody {
    /// A body of known length is not asked for its end once all of it has come.
    fn drop(&mut self) {
        let ended = self.is_end_stream();
        if let Some(entry) = self.entry.take().filter(|_| ended) {
            entry.done();
        }
    }
}
