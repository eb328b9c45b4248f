import './styles/base.css';
import './styles/controls.css';
import './styles/json.css';
import './styles/lists.css';
import './styles/execution.css';
import './styles/graph.css';
import './styles/tools.css';
import { render } from 'preact';
import { App } from './app';
import { followChanges } from './changes';

void followChanges();
const place = document.getElementById('console');
if (place) render(<App />, place);
