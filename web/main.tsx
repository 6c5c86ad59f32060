import { render } from 'preact';
import { Session } from './model/session.ts';
import './styles/main.css';
import { App } from './view/app.tsx';

const root = document.getElementById('app');
if (root === null) throw new Error('the page has no #app');

const session = new Session(location.origin);
// A token that cannot be renewed now works on until its end, and says so then.
session.renewIfDue().catch(() => undefined);
render(<App session={session} />, root);
