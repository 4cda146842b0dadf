import { Color, Matrix4, Mesh, MeshBasicMaterial, PerspectiveCamera, Scene, SphereGeometry, Vector3, WebGLRenderer } from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import { type Frame, frameOf } from './framing.ts';
import { createPace } from './pace.ts';
import { roundPoints } from './point-material.ts';
import { ScreenIndex } from './screen-index.ts';

export interface Place {
  x: number;
  y: number;
  z: number;
}

/** A point that stands out, whatever the others do. */
export interface Highlight extends Place {
  colour: string;
}

const fieldOfView = 50;
const highlightWidth = 20;
const plainStrength = 0.9;
const dimmedStrength = 0.25;
/** Share of the way to the whole at which one place is looked at. */
const near = 0.35;
/** Radius of the mark, beside its distance: as large from near as from afar. */
const landingShare = 0.014;
/** A point is under the pointer within this many pixels. */
const pickPixels = 10;

/** Fewer points are larger. Pixels. */
const widthOf = (count: number): number => Math.min(10, Math.max(3, 12 - 1.8 * Math.log10(Math.max(1, count))));

/** The picture: points in three dimensions that can be turned, approached and pointed at. Draws only when something has changed. */
export class Cloud {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(fieldOfView, 1);
  private readonly controls: OrbitControls;
  private readonly plain = roundPoints();
  private readonly highlights = roundPoints();
  private readonly landing = new Mesh(new SphereGeometry(1, 16, 12), new MeshBasicMaterial({ color: '#ff3d71', wireframe: true }));
  private readonly watching: ResizeObserver;
  private readonly pace = createPace();
  private readonly drawn: () => void;
  private places: Float32Array = new Float32Array();
  private frame: Frame = { x: 0, y: 0, z: 0, radius: 1 };
  /** Of the canvas, in CSS pixels: asking it in each frame would lay the page out in each frame. */
  private width = 1;
  private height = 1;
  private isHome = true;
  private isDue = false;
  private resting: ReturnType<typeof setTimeout> | undefined;
  private index: ScreenIndex | undefined;

  /** @param drawn called after each drawing @throws when the browser has no WebGL */
  constructor(canvas: HTMLCanvasElement, drawn: () => void) {
    this.drawn = drawn;
    // Kept for whoever takes a picture of the page. Points are smooth by themselves.
    this.renderer = new WebGLRenderer({ canvas, antialias: false, alpha: true, preserveDrawingBuffer: true });
    this.landing.visible = false;
    this.highlights.uniforms.width.value = highlightWidth;
    this.highlights.uniforms.strength.value = 1;
    this.scene.add(this.plain.points, this.landing, this.highlights.points);
    this.camera.position.set(0.25, 0.2, 1);
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.addEventListener('start', () => {
      this.isHome = false;
    });
    this.controls.addEventListener('change', () => this.moved());
    this.watching = new ResizeObserver(() => this.fit());
    this.watching.observe(canvas);
    this.fit();
  }

  /** Replaces what is shown, without moving. @param places x, y, z of each @param tints red, green, blue of each, a byte each */
  show(places: Float32Array, tints: Uint8Array): void {
    this.places = places;
    this.plain.set(places, tints);
    this.plain.uniforms.width.value = widthOf(places.length / 3);
    this.changed();
  }

  /** Makes some points stand out, and the others step back; none: all are alike. */
  highlight(points: readonly Highlight[]): void {
    const tints = points.flatMap(({ colour }) => new Color(colour).convertLinearToSRGB().toArray());
    this.highlights.set(
      Float32Array.from(points.flatMap(({ x, y, z }) => [x, y, z])),
      Uint8Array.from(tints, (part) => Math.round(part * 255)),
    );
    this.plain.uniforms.strength.value = points.length > 0 ? dimmedStrength : plainStrength;
    this.changed();
  }

  /** Marks where a question lies; null takes the mark away. */
  mark(place: Place | null): void {
    this.landing.visible = place !== null;
    if (place !== null) this.landing.position.set(place.x, place.y, place.z);
    this.changed();
  }

  /** Moves back to the whole of what is shown. */
  goHome(): void {
    this.frame = frameOf(this.places);
    this.isHome = true;
    this.lookFrom(this.frame, this.homeDistance());
  }

  /** Moves in on a place. */
  lookAt(place: Place): void {
    this.isHome = false;
    this.lookFrom(place, this.homeDistance() * near);
  }

  /** Turns by some radians to the right and upwards, and comes nearer by a factor: for keys. */
  turn(right: number, up = 0, nearer = 1): void {
    this.isHome = false;
    const offset = this.camera.position.clone().sub(this.controls.target);
    offset.applyAxisAngle(this.camera.up, right);
    // Not over the pole, where up and down change places.
    const sideways = new Vector3().crossVectors(this.camera.up, offset).normalize();
    const raised = offset.clone().applyAxisAngle(sideways, -up);
    if (Math.abs(raised.clone().normalize().dot(this.camera.up)) < 0.98) offset.copy(raised);
    this.camera.position.copy(this.controls.target).addScaledVector(offset, 1 / nearer);
    this.controls.update();
    this.moved();
  }

  /** Index of the point under a place on the canvas, in CSS pixels from its corner. */
  pick(left: number, top: number): number | undefined {
    this.index ??= new ScreenIndex(this.places, this.seenFrom().elements, this.width, this.height);
    return this.index.nearest(left, top, pickPixels);
  }

  /** Where a place stands on the canvas, in CSS pixels; undefined: outside of it. */
  project({ x, y, z }: Place): { left: number; top: number } | undefined {
    const seen = new Vector3(x, y, z).project(this.camera);
    if (Math.abs(seen.x) > 1 || Math.abs(seen.y) > 1 || Math.abs(seen.z) > 1) return undefined;
    return { left: ((seen.x + 1) / 2) * this.width, top: ((1 - seen.y) / 2) * this.height };
  }

  dispose(): void {
    clearTimeout(this.resting);
    this.watching.disconnect();
    this.controls.dispose();
    this.plain.dispose();
    this.highlights.dispose();
    this.renderer.dispose();
  }

  private seenFrom(): Matrix4 {
    this.camera.updateMatrixWorld();
    return new Matrix4().multiplyMatrices(this.camera.projectionMatrix, this.camera.matrixWorldInverse);
  }

  /** From where the frame's sphere fills the narrower side of the picture. */
  private homeDistance(): number {
    const half = (fieldOfView / 2) * (Math.PI / 180);
    const narrower = Math.min(half, Math.atan(Math.tan(half) * this.camera.aspect));
    return this.frame.radius / Math.sin(narrower);
  }

  private lookFrom(place: Place, distance: number): void {
    const home = this.homeDistance();
    Object.assign(this.controls, { minDistance: home * 0.02, maxDistance: home * 4 });
    Object.assign(this.camera, { near: home * 0.005, far: home * 10 });
    this.camera.updateProjectionMatrix();
    for (const { uniforms } of [this.plain, this.highlights]) uniforms.home.value = home;
    const from = this.camera.position.clone().sub(this.controls.target).normalize();
    this.controls.target.set(place.x, place.y, place.z);
    this.camera.position.copy(this.controls.target).addScaledVector(from, distance);
    this.controls.update();
    this.changed();
  }

  private fit(): void {
    const { clientWidth, clientHeight } = this.renderer.domElement;
    if (clientWidth === 0 || clientHeight === 0) return;
    [this.width, this.height] = [clientWidth, clientHeight];
    const ratio = Math.min(2, window.devicePixelRatio);
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(clientWidth, clientHeight, false);
    for (const { uniforms } of [this.plain, this.highlights]) uniforms.ratio.value = ratio;
    this.camera.aspect = clientWidth / clientHeight;
    this.camera.updateProjectionMatrix();
    if (this.isHome) this.lookFrom(this.frame, this.homeDistance());
    this.changed();
  }

  /** While it moves, as many points as keep it smooth; all of them as soon as it rests. */
  private moved(): void {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.changed(), this.pace.restMs());
    this.draw();
  }

  private changed(): void {
    clearTimeout(this.resting);
    this.resting = undefined;
    this.draw();
  }

  private draw(): void {
    this.index = undefined;
    if (this.isDue) return;
    this.isDue = true;
    const askedMs = performance.now();
    requestAnimationFrame(() => {
      this.isDue = false;
      const count = this.places.length / 3;
      const drawn = this.resting === undefined ? count : this.pace.affordable(performance.now() - askedMs, count);
      this.plain.draw(drawn);
      this.renderer.domElement.dataset.drawn = String(drawn);
      this.landing.scale.setScalar(this.camera.position.distanceTo(this.landing.position) * landingShare);
      this.renderer.render(this.scene, this.camera);
      this.drawn();
    });
  }
}
