// The frame around every page: where one can go, who one is, and whether what is shown is what is.
import { Outlet } from '@tanstack/react-router';
import { Suspense, lazy, useEffect, useSyncExternalStore } from 'react';
import { isWished, onWish } from '../notice/wish';
import { part } from '../ui/part';
import { BottomBar } from './BottomBar';
import { LostNote } from './LostNote';
import { Notices, loadToaster } from './Notices';
import { Sidebar } from './Sidebar';
import { useOpened } from './opened';

const loadPalette = () => part(() => import('./Palette')).then(({ Palette }) => ({ default: Palette }));
const Palette = lazy(loadPalette);
const Sheet = lazy(() => part(() => import('./Sheet')).then(({ Sheet }) => ({ default: Sheet })));
const Tell = lazy(() => part(() => import('../notice/Tell')).then(({ Tell }) => ({ default: Tell })));
const More = lazy(() => part(() => import('./More')).then(({ More }) => ({ default: More })));
const WhoAreYou = lazy(() => part(() => import('../people/WhoAreYou')).then(({ WhoAreYou }) => ({ default: WhoAreYou })));

export function Shell() {
  const opened = useOpened();
  const tells = useSyncExternalStore(onWish, isWished);
  useEffect(() => {
    // The palette is there at once when somebody reaches for it, and so is what is to be told when the server is away.
    const timer = setTimeout(() => void Promise.all([loadPalette(), loadToaster()]).catch(() => {}), 1_500);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="flex h-full">
      <a
        href="#page"
        className="absolute z-50 -translate-y-20 rounded-md bg-accent px-3 py-2 text-accent-fg focus:translate-y-2"
      >
        To the page
      </a>
      <Sidebar />
      <div className="flex min-w-0 flex-1 flex-col pb-(--foot)">
        <LostNote />
        <main id="page" tabIndex={-1} className="min-h-0 flex-1 outline-none">
          <Outlet />
        </main>
      </div>
      <BottomBar />
      <Notices />
      <Suspense>
        {tells && <Tell />}
        {opened === 'palette' && <Palette />}
        {opened === 'sheet' && <Sheet />}
        {opened === 'more' && <More />}
        {opened === 'person' && <WhoAreYou />}
      </Suspense>
    </div>
  );
}
