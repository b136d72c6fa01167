import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { canonicalHost, ChallengeAnswers } from './challenge-answers.ts';
import { AnswerTakenError, TooManyAnswersError } from './responder-errors.ts';
import { identifierOfServerName, serverNameOf } from './server-name.ts';
import { assert as check, ipV4, ipV6, oneof, property } from 'fast-check';

const answer = (domain: string, token: string) => ({ domain, token, keyAuthorization: `${token}.thumb` });
const shown = (domain: string, certificate = 'c') => ({ domain, certificate, key: 'k' });

suite('answers to challenges', () => {
  test('are found by host and token, and forgotten by UID', () => {
    const answers = new ChallengeAnswers();
    answers.setHttp01('1', answer('Example.com', 'a'));
    answers.setHttp01('2', answer('example.com', 'b'));
    answers.setHttp01('3', answer('2001:DB8:0::1', 'a'));
    assert.equal(answers.http01('example.com', 'a'), 'a.thumb');
    assert.equal(answers.http01(canonicalHost('2001:db8::1'), 'a'), 'a.thumb');
    assert.equal(answers.http01('other.example.com', 'a'), undefined);
    answers.delete('1');
    assert.equal(answers.http01('example.com', 'a'), undefined);
    assert.equal(answers.http01('example.com', 'b'), 'b.thumb');
    assert.equal(answers.count('http'), 2);
  });

  test('a UID has one answer: the newer takes the place of the older', () => {
    const answers = new ChallengeAnswers();
    answers.setHttp01('1', answer('a.example', 'x'));
    answers.setHttp01('1', answer('a.example', 'y'));
    assert.equal(answers.http01('a.example', 'x'), undefined);
    assert.equal(answers.http01('a.example', 'y'), 'y.thumb');
    answers.setTlsAlpn01('1', shown('a.example'));
    assert.deepEqual([answers.count('http'), answers.count('tls'), answers.size], [0, 1, 1]);
  });

  test('what goes by the token alone is needed until the last name is proven', () => {
    const answers = new ChallengeAnswers();
    answers.setHttp01('1', answer('a.example', 'x'));
    answers.setHttp01('2', answer('b.example', 'x'));
    answers.delete('1');
    assert.ok(answers.isAnswered('x', 'x.thumb'));
    assert.ok(!answers.isAnswered('x', 'x.other'));
    answers.delete('2');
    assert.ok(!answers.isAnswered('x', 'x.thumb'));
  });

  test('nobody takes the place of another answer to the same token', () => {
    const answers = new ChallengeAnswers();
    answers.setHttp01('1', answer('a.example', 'x'));
    const stolen = { ...answer('A.example', 'x'), keyAuthorization: 'x.other' };
    assert.throws(() => answers.setHttp01('2', stolen), AnswerTakenError);
    assert.equal(answers.http01('a.example', 'x'), 'x.thumb');
    answers.delete('2');
    answers.setHttp01('3', answer('a.example', 'x'));
    answers.delete('1');
    assert.equal(answers.http01('a.example', 'x'), 'x.thumb', 'made anew with the same key');
    answers.delete('3');
    answers.setHttp01('2', stolen);
    assert.equal(answers.http01('a.example', 'x'), 'x.other');
  });

  test('are bounded', () => {
    const answers = new ChallengeAnswers({ most: 2 });
    answers.setHttp01('1', answer('a.example', 'x'));
    answers.setTlsAlpn01('2', shown('a.example'));
    assert.throws(() => answers.setHttp01('3', answer('c.example', 'x')), TooManyAnswersError);
    answers.setHttp01('1', answer('a.example', 'z'));
    assert.equal(answers.size, 2);
  });

  test('a name is shown one certificate at a time: the second Challenge waits, and gets its turn', () => {
    const answers = new ChallengeAnswers();
    assert.equal(answers.setTlsAlpn01('1', shown('a.example', 'one')), true);
    assert.equal(answers.setTlsAlpn01('2', shown('A.example.', 'two')), false);
    assert.equal(answers.tlsAlpn01('a.example')?.certificate, 'one');
    answers.delete('2');
    assert.equal(answers.tlsAlpn01('a.example')?.certificate, 'one');
    answers.delete('1');
    assert.equal(answers.setTlsAlpn01('2', shown('a.example', 'two')), true);
  });
});

suite('server names of addresses (RFC 8738 §6)', () => {
  test('are the reverse names', () => {
    assert.equal(serverNameOf('192.0.2.1'), '1.2.0.192.in-addr.arpa');
    assert.equal(
      serverNameOf('2001:db8::1'),
      '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
    );
    assert.equal(serverNameOf('Example.com'), 'example.com');
  });

  test('lead back to the address, and other names to themselves', () => {
    check(
      property(oneof(ipV4(), ipV6()), (address) => {
        assert.equal(identifierOfServerName(serverNameOf(address)), canonicalHost(address));
      }),
    );
    for (const name of ['1.2.3.in-addr.arpa', '999.2.0.192.in-addr.arpa', 'x.ip6.arpa', 'a.example'])
      assert.equal(identifierOfServerName(name), name);
  });
});
