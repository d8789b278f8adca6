Feature: Money needs people who did not ask for it
  Above the small-amount limit an approver and a different releaser; at or under it one second person.

  Background:
    Given the small-amount limit is $1,500.00

  Scenario Outline: One colleague may approve and release up to the limit
    Given Ana asks for <amount> of fares
    When Ben tries to approve and release it alone
    Then it is <outcome>

    Examples:
      | amount    | outcome  |
      | $1,499.99 | released |
      | $1,500.00 | released |
      | $1,500.01 | refused  |

  Scenario: Whoever entered the request never decides on its money
    Given Ana asks for $10.00 of fares
    When Ana tries to approve it
    Then she is turned away

  Scenario: A colleague who answered a question may not approve either
    Given Ana asks for $10.00 of fares
    And Eve answers a question while she covers for Ana, and later moves to finance
    When Eve tries to approve it
    Then she is turned away

  Scenario: What was approved is what is paid
    Given Ana asks for $10.00 of fares
    And Ben has approved it
    When the payee's e-mail changes before the release
    Then Carla cannot release it until it is approved again
